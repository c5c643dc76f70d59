import type { AnyStateMachine } from 'xstate';

/** A machine's config as JSON, with a name for it by what it says. */
export interface ChartText {
  readonly hash: string;
  readonly id: string;
  readonly json: string;
}

const nameOf = (given: (...args: never[]) => unknown): string => given.name || 'inline';

/** A config as JSON has it: all of it, with names in place of functions and of actor logic. */
const asData = (_: string, value: unknown): unknown => {
  if (typeof value === 'function') return nameOf(value as (...args: never[]) => unknown);
  if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
  if (typeof value !== 'object' || value === null || !('transition' in value)) return value;
  return typeof value.transition === 'function' ? ((value as { id?: unknown }).id ?? 'logic') : value;
};

const seeds = [0x811c9dc5, 0x01000193] as const;

/** FNV-1a of a text from two starts, as 16 hexadecimal digits. */
export const hashOf = (text: string): string =>
  seeds
    .map((seed) => {
      let hash: number = seed;
      for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
      return (hash >>> 0).toString(16).padStart(8, '0');
    })
    .join('');

const written = new WeakMap<object, ChartText>();

const unknown: ChartText = { hash: '', id: '', json: '' };

const textOf = (machine: AnyStateMachine): ChartText => {
  try {
    const json = JSON.stringify(machine.config, asData);
    return { hash: hashOf(json), id: machine.id, json };
  } catch {
    // A config that refers to itself.
    return { ...unknown, id: machine.id };
  }
};

/** Writes the chart of a machine, once; its hash is empty where it can't be written. */
export const chartTextOf = (machine: AnyStateMachine): ChartText => {
  const config: object = machine.config;
  const known = written.get(config);
  if (known) return known;
  const text = textOf(machine);
  written.set(config, text);
  return text;
};

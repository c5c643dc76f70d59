import type { Voice } from './voice.ts';

/** Milliseconds between two measurements that are shown of one unit; the others are left out. */
const shownEveryMs = 900;

const bar = (percent: number): string => {
  const full = Math.min(10, Math.max(0, Math.round(percent / 10)));
  return '█'.repeat(full) + '░'.repeat(10 - full);
};

/** Shows what the units measure, not more often than a reader can follow. */
export interface Measurements {
  /** A message that a unit has published on a node; a temperature and a duty are shown together, whichever comes first. */
  published(name: string, key: string, text: string): void;
  /** A line that a unit has printed. */
  printed(name: string, line: string): void;
}

export const createMeasurements = ({ say }: Voice, elapsedMs: () => number): Measurements => {
  const shownAt = new Map<string, number>();
  let celsius: string | undefined;
  let duty: string | undefined;
  const show = (name: string, text: string) => {
    const last = shownAt.get(name);
    if (last !== undefined && elapsedMs() - last < shownEveryMs) return;
    shownAt.set(name, elapsedMs());
    say('measurement', name, text);
  };
  return {
    published: (name, key, text) => {
      if (key === 'temperature/pepeunit') celsius = text;
      if (key === 'fan_duty/pepeunit') duty = text;
      if (celsius === undefined || duty === undefined) return;
      show(name, `${Number(celsius).toFixed(2)} °C   fan ${bar(Number(duty))} ${duty} %`);
      celsius = undefined;
      duty = undefined;
    },
    printed: (name, line) => {
      if (/^-?\d+\.\d+ °C$/.test(line)) show(name, `shows ${line}`);
    },
  };
};

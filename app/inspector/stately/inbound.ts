import { redacted } from '../../../services/redaction.ts';
import { hashOf } from '../recorder/chart-text.ts';
import { foreignJson } from '../foreign-json.ts';
import { createJsonText } from '../recorder/json-text.ts';
import { wireVersion, type RunAbout } from '../wire.ts';
import type { StatelyEvent, StatelySnapshot } from './events.ts';

type ActorEvent = Extract<StatelyEvent, { type: '@xstate.actor' }>;
type SnapshotEvent = Extract<StatelyEvent, { type: '@xstate.snapshot' }>;

interface Actor {
  readonly index: number;
  readonly path: string;
  value: string;
  /** The context's keys, as JSON. */
  readonly shown: Map<string, string>;
  status: string;
}

/** Events of an actor whose senders are remembered. */
const maxPending = 1000;

const json = createJsonText({ redacted, nameOf: (ref) => ref.id });

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** The config in an actor's definition; `undefined` for an actor that is no machine. */
const chartOf = ({ definition }: ActorEvent): Readonly<Record<string, unknown>> | undefined => {
  // It may have been cut by a limit of its depth or length.
  const config = foreignJson(definition ?? 'null');
  return isObject(config) && Object.keys(config).some((name) => name !== 'id') ? config : undefined;
};

/** Turns the messages of an app with `@statelyai/inspect` into lines. */
export class StatelyApp {
  /** Name of the app's first actor. */
  readonly name: string;
  readonly #at: () => number;
  readonly #actors = new Map<string, Actor>();
  readonly #charts = new Set<string>();
  #pending: { readonly sessionId: string; readonly type: unknown; readonly from: number }[] = [];
  #hasBegun = false;

  /** @param at The time now, as lines have it. */
  constructor(first: StatelyEvent, at: () => number) {
    this.name = first.type === '@xstate.actor' ? first.name : first.sessionId;
    this.#at = at;
  }

  /** Takes a message. @returns Its lines. */
  take(event: StatelyEvent): string[] {
    const lines = this.#hasBegun ? [] : [this.#run()];
    if (event.type === '@xstate.actor') return [...lines, ...this.#actor(event)];
    if (event.type === '@xstate.snapshot') return [...lines, ...this.#snapshot(event)];
    const from = this.#actors.get(event.sourceId ?? '')?.index ?? -1;
    this.#pending.push({ sessionId: event.sessionId, type: isObject(event.event) && event.event['type'], from });
    if (this.#pending.length > maxPending) this.#pending.shift();
    return lines;
  }

  #run(): string {
    this.#hasBegun = true;
    const about: RunAbout = { v: wireVersion, unit: this.name, name: this.name, startedAt: Date.now() - this.#at() };
    return `["run",${json(about)}]`;
  }

  #actor(event: ActorEvent): string[] {
    const chart = chartOf(event);
    if (!chart) return [];
    const text = JSON.stringify(chart);
    const hash = hashOf(text);
    const parent = this.#actors.get(event.parentId ?? '');
    const path = parent ? `${parent.path}/${event.name}` : event.name;
    const actor: Actor = { index: this.#actors.size, path, value: '""', shown: new Map(), status: 'active' };
    this.#actors.set(event.sessionId, actor);
    const id = json(typeof chart['id'] === 'string' ? chart['id'] : event.name);
    const charts = this.#charts.has(hash) ? [] : [`["chart","${hash}",${id},${text}]`];
    this.#charts.add(hash);
    const line = `["actor",${this.#at()},${actor.index},${json(path)},${parent?.index ?? -1},"${hash}"]`;
    return [...charts, line, this.#step(actor, -1, '"xstate.init"', event.snapshot)];
  }

  #snapshot({ sessionId, event, snapshot }: SnapshotEvent): string[] {
    const actor = this.#actors.get(sessionId);
    if (!actor) return [];
    const type = isObject(event) ? event['type'] : undefined;
    const at = this.#pending.findIndex((one) => one.sessionId === sessionId && one.type === type);
    const [sent] = at < 0 ? [] : this.#pending.splice(at, 1);
    const isBare = isObject(event) && Object.keys(event).length === 1 && typeof type === 'string';
    return [
      this.#step(
        actor,
        sent?.from ?? -1,
        json(isBare ? type : { type: 'unknown', ...(isObject(event) && event) }),
        snapshot,
      ),
    ];
  }

  #step(actor: Actor, from: number, event: string, { value, context, status }: StatelySnapshot): string {
    const text = value === undefined ? actor.value : JSON.stringify(value);
    const valueText = text === actor.value ? '0' : text;
    actor.value = text;
    const changed = Object.entries(isObject(context) ? context : {})
      .map(([name, one]) => [name, json(one)] as const)
      .filter(([name, one]) => actor.shown.get(name) !== one);
    for (const [name, one] of changed) actor.shown.set(name, one);
    const changedText =
      changed.length === 0 ? '0' : `{${changed.map(([name, one]) => `${json.text(name)}:${one}`).join(',')}}`;
    const isEnd = status !== actor.status && ['done', 'error', 'stopped'].includes(status);
    actor.status = status;
    return `["s",${this.#at()},${actor.index},${from},${event},${valueText},${changedText}${isEnd ? `,0,"${status}"` : ''}]`;
  }
}

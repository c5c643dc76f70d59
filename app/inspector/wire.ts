/**
 * The lines that a recorder writes, an inspector shows and a file keeps: JSON arrays, one a line, told apart by their first
 * item. Each stands for itself: a time is counted from the run's start, so one that is lost shifts no other. Whoever reads
 * passes over kinds that it does not know.
 */
import type { JsonValue } from '../../services/json.ts';

/** Version of these lines; it changes when an older reader would misread them. */
export const wireVersion = 1;

/** Milliseconds since the run's start, by a clock that never jumps. */
export type At = number;

/** A machine's place in the run's list of actors, from 0 in the order in which they were created; -1 for none of them. */
export type ActorIndex = number;

/** A state value as XState has it: `"idle"`, `{"linked":{"open":"online"}}`. */
export type StateValue = string | { readonly [key: string]: StateValue };

/**
 * Says whose lines follow, up to the next such line. Every message over a socket begins with one, and so does a file.
 *
 * `first` counts the unit's lines from 0 over all of its runs; `lost` is how many were dropped right before it.
 */
export type SourceLine = readonly [kind: '#', source: string, first: number, lost: number];

/** Begins a run: a process of the unit, or its next start in the same one. All actors of the run before are gone. */
export type RunLine = readonly [kind: 'run', about: RunAbout];

export interface RunAbout {
  readonly v: number;
  /** Names the unit: its UUID where it is known, else its folder's name or the actor's id. */
  readonly unit: string;
  /** What people call it. */
  readonly name: string;
  readonly pid?: number;
  /** Unix milliseconds, as the host's clock had it at `At` 0. */
  readonly startedAt: number;
  /** Version of the client, and of the unit's program. */
  readonly client?: string;
  readonly program?: string;
}

/** A machine's config as `machine.config` has it, with names for functions; sent once for each `hash` and run. */
export type ChartLine = readonly [kind: 'chart', hash: string, id: string, config: JsonValue];

/** A machine was created. `path` names it from the root: `unit/mqtt`. A chart without hash is unknown. */
export type ActorLine = readonly [
  kind: 'actor',
  at: At,
  actor: ActorIndex,
  path: string,
  parent: ActorIndex,
  hash: string,
];

/**
 * A machine took an event.
 *
 * `event` is its type, or the event with its fields. `value` is 0 where it stayed the same, `changed` 0 where no key of the
 * context changed. `edges` are the transitions taken, `from>to` by the states' paths, or 0 for none.
 */
export type StepLine = readonly [
  kind: 's',
  at: At,
  actor: ActorIndex,
  from: ActorIndex,
  event: string | { readonly type: string; readonly [field: string]: JsonValue },
  value: StateValue | 0,
  changed: { readonly [key: string]: JsonValue } | 0,
  edges?: readonly string[] | 0,
  status?: 'done' | 'error' | 'stopped',
];

/** Delayed events that a machine waits for, each time that they change: `xstate.after.retryAfter.…` and when it is due. */
export type TimersLine = readonly [kind: 'timers', at: At, actor: ActorIndex, due: readonly (readonly [string, At])[]];

/** An actor above the limit of events a second is sampled: `skipped` of its steps in the last second have no line. */
export type SampledLine = readonly [kind: 'sampled', at: At, actor: ActorIndex, skipped: number];

/** Where every machine stands, so that a reader needs no line before this one but `run`, `chart` and `actor`. */
export type CheckpointLine = readonly [
  kind: 'k',
  at: At,
  actors: readonly (readonly [
    actor: ActorIndex,
    path: string,
    parent: ActorIndex,
    hash: string,
    value: StateValue,
    context: { readonly [key: string]: JsonValue },
    status: 'active' | 'done' | 'error' | 'stopped',
    due: readonly (readonly [string, At])[],
  ])[],
  figures: Figures,
];

/** What became of a message. Inbound: `received`, then `handled` or `failed`; outbound as `PublishOutcome` and `dead`. */
export type Fate =
  | 'received'
  | 'handled'
  | 'failed'
  | 'accepted'
  | 'queued'
  | 'delivered'
  | 'refused'
  | 'expired'
  | 'dropped'
  | 'replaced'
  | 'dead';

/** Payload of a message up to the limit: text, or base64 of bytes that are no text. */
export type Payload = string | { readonly base64: string };

/** A message, when it came or was published; `id` names it for what becomes of it. */
export type MessageLine = readonly [
  kind: 'm',
  at: At,
  id: number,
  direction: 'in' | 'out',
  topic: string,
  size: number,
  payload: Payload,
  qos: 0 | 1 | 2,
  retain: boolean,
  fate: Fate,
];

/** What became of a message, and why, if it did not get through. */
export type FateLine = readonly [kind: 'mf', at: At, id: number, fate: Fate, reason?: string];

/** An entry of the unit's log, without secrets. */
export type LogLine = readonly [kind: 'l', at: At, level: string, text: string];

/** Figures of a unit that change: each line has those that did. */
export interface Figures {
  /** Messages that wait in the outbox. */
  readonly outbox?: number;
  /** Messages that wait for a handler. */
  readonly inbox?: number;
  /** Messages received and published since the start. */
  readonly received?: number;
  readonly published?: number;
  /** Bytes of the heap in use. */
  readonly heap?: number;
}

export type FiguresLine = readonly [kind: 'f', at: At, figures: Figures];

/** The unit's settings, secrets masked by the unit. */
export type SettingsLine = readonly [kind: 'env', at: At, settings: { readonly [name: string]: JsonValue }];

/** The keys of the unit's topics in its schema, by the topics. */
export type TopicsLine = readonly [kind: 'topics', at: At, keys: { readonly [topic: string]: string }];

/** Something that people look for on the time axis: `restart`, `crash`, `update`, `command`. */
export type MarkLine = readonly [kind: 'mark', at: At, what: string, text: string];

/**
 * The run ended, as far as anybody can tell: its process left or its link broke. Where other lines than a run's follow, it
 * was the link alone.
 */
export type EndLine = readonly [kind: 'end', at: At, reason: string];

export type RecordLine =
  | ActorLine
  | StepLine
  | TimersLine
  | SampledLine
  | CheckpointLine
  | MessageLine
  | FateLine
  | LogLine
  | FiguresLine
  | SettingsLine
  | MarkLine
  | EndLine;

export type WireLine = SourceLine | RunLine | ChartLine | TopicsLine | RecordLine;

/** What a page asks of a unit; only an inspector with `--control` passes it on. */
export type Request = readonly [
  kind: 'do',
  id: number,
  source: string,
  what:
    | { readonly send: { readonly type: string; readonly [field: string]: JsonValue }; readonly to: ActorIndex }
    | { readonly publish: string; readonly topic: string; readonly qos?: 0 | 1 | 2 }
    | { readonly command: 'Update' | 'EnvUpdate' | 'SchemaUpdate' | 'LogSync' | 'Reset' },
];

/** The answer to a request: what went wrong, or `null`. */
export type Answer = readonly [kind: 'did', id: number, error: string | null];

/** Longest payload of a message that is recorded, bytes. */
export const maxPayload = 1_024;

/** Longest context of a machine that is recorded, characters of JSON for each key. */
export const maxContext = 4_096;

/** Most lines that a ring holds. */
export const maxLines = 65_536;

/** Most bytes that a ring holds. */
export const maxBytes = 8 * 1_024 * 1_024;

/** A message over a socket: whose lines follow, and the lines. */
export const frameOf = (
  source: string,
  { first, lost, lines }: { readonly first: number; readonly lost: number; readonly lines: readonly string[] },
): string => [JSON.stringify(['#', source, first, lost]), ...lines].join('\n');

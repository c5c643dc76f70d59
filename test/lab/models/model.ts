import type { AnyEventObject, AnyMachineSnapshot, AnyStateMachine, ContextFrom, EventObject } from 'xstate';

/** What an observer outside the machine has seen when a step is over. */
export interface Seen<TContext> {
  readonly context: TContext;
  /** The context before this step. */
  readonly before: TContext;
  /** What the machine received in this step; `xstate.init` at the start. */
  readonly last: AnyEventObject;
  readonly snapshot: AnyMachineSnapshot;
  /** Ids of the invoked actors that are running now. */
  readonly running: readonly string[];
  /** What it told the invoked actor of that id, from the start on. */
  told(id: string): readonly EventObject[];
  /** Params of each call of an action of {@link MachineModel.recorded}, from the start on. */
  done(action: string): readonly unknown[];
  /** What it emitted, from the start on. */
  readonly emitted: readonly EventObject[];
}

/** One part of the state space, small enough to be walked whole. */
export interface Region<TContext> {
  readonly name: string;
  /** Input that differs from the model's. */
  readonly input?: object;
  /** What happens before the walk begins, by its label. @defaultValue nothing */
  readonly prelude?: readonly string[];
  /** Whether what has this label is tried. @defaultValue all is */
  readonly uses?: (label: string) => boolean;
  /** What of the context makes two situations different; the states always do. Keep it finite. */
  readonly key: (context: TContext) => unknown;
}

/** What a machine's environment can do, and what must hold in each of its states. */
export interface MachineModel<TMachine extends AnyStateMachine = AnyStateMachine> {
  readonly machine: TMachine;
  /** The machine's input but for `parent`. */
  readonly input?: object;
  /** Everything others may send, with each payload worth telling apart. */
  readonly events: readonly AnyEventObject[];
  /** Types of the events that the machine's wildcard transitions handle. @defaultValue none */
  readonly wildcards?: readonly string[];
  /** What each invoked actor that never ends by itself may say, by its id. */
  readonly says?: Readonly<Record<string, readonly AnyEventObject[]>>;
  /** Names of actions to watch, see {@link Seen.done}. */
  readonly recorded?: readonly string[];
  readonly regions: readonly Region<ContextFrom<TMachine>>[];
  /** By the type of an event, what must hold when a step that it brought about is over, wherever that ends. */
  readonly outcomes?: Readonly<Record<string, (seen: Seen<ContextFrom<TMachine>>) => void>>;
  /** For each state, by its path, what must hold whenever a step ends in it. */
  readonly invariants: Readonly<Record<string, (seen: Seen<ContextFrom<TMachine>>) => void>>;
}

/** Checks a model against its machine's types, then forgets them. */
export const defineModel = <TMachine extends AnyStateMachine>(model: MachineModel<TMachine>): MachineModel => model;

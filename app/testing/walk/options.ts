import type {
  AnyActorLogic,
  AnyStateMachine,
  ContextFrom,
  EmittedFrom,
  EventFrom,
  EventObject,
  InputFrom,
  OutputFrom,
  SnapshotFrom,
} from 'xstate';
import type { Timers } from '../../../services/clock.ts';

/** What a stand-in for an actor may do. */
export interface ActorScript<TOutput = unknown> {
  /** What it may end with. @defaultValue `undefined`, where the machine handles that it is done */
  readonly done?: readonly TOutput[];
  /** What it may fail with. @defaultValue a plain error, where the machine handles that it fails */
  readonly fails?: readonly unknown[];
  /** What it may send to the machine. @defaultValue nothing */
  readonly sends?: readonly EventObject[];
}

/** A machine's actors, by the name of their logic. */
type ProvidedActors<TMachine extends AnyStateMachine> = NonNullable<Parameters<TMachine['provide']>[0]['actors']>;

/** The machine's actors, by the name of their logic: what a stand-in may do, or logic to run. */
export type WorldActors<TMachine extends AnyStateMachine = AnyStateMachine> = {
  readonly [TName in keyof ProvidedActors<TMachine>]?: NonNullable<ProvidedActors<TMachine>[TName]> extends infer TLogic
    ? TLogic extends AnyActorLogic
      ? TLogic | ActorScript<OutputFrom<TLogic>>
      : never
    : never;
};

/** Surroundings of one run of a machine. */
export interface WalkWorld<TMachine extends AnyStateMachine = AnyStateMachine> {
  readonly actors?: WorldActors<TMachine>;
  /** What may happen outside the machine at any time, by names for people. */
  readonly moves?: Readonly<Record<string, () => unknown>>;
  /** Clock of the actors' own timers. @defaultValue the walk's, which lets each run out at any time */
  readonly clock?: Timers;
}

/** What is seen of a machine when a step is over. */
export interface Seen<TMachine extends AnyStateMachine = AnyStateMachine> {
  readonly context: ContextFrom<TMachine>;
  /** The snapshot before this step; at the start, that of the start. */
  readonly before: SnapshotFrom<TMachine>;
  readonly snapshot: SnapshotFrom<TMachine>;
  /** The steps from the start; this one is the last. */
  readonly path: readonly string[];
  /** Ids of the stand-ins that run now. */
  readonly running: readonly string[];
  /** What the machine has sent to the stand-in of that id, from the start on. */
  told(id: string): readonly EventObject[];
  /** What the machine has emitted, from the start on. */
  readonly emitted: readonly EmittedFrom<TMachine>[];
}

/** A check; it fails when it throws or gives `false`. */
type Check<TMachine extends AnyStateMachine> = (seen: Seen<TMachine>) => unknown;

/** Options of {@link walkEdges}. */
export interface WalkOptions<TMachine extends AnyStateMachine> {
  /** @defaultValue none */
  readonly input?: InputFrom<TMachine>;
  /**
   * Events that others may send: in every state that handles them, or by the path of a state, such as `linked.online`.
   *
   * @defaultValue none
   */
  readonly events?: readonly EventFrom<TMachine>[] | Readonly<Record<string, readonly EventFrom<TMachine>[]>>;
  /**
   * What the machine's actors do; a function makes a new world for each run. An actor without a word about it ends in each
   * way that the machine handles.
   */
  readonly world?: WorldActors<TMachine> | (() => WalkWorld<TMachine>);
  /** What must hold whenever a step ends in a state, by the state's path. */
  readonly expect?: Readonly<Record<string, Check<TMachine>>>;
  /** What must hold after every step, by names for people. */
  readonly invariants?: Readonly<Record<string, Check<TMachine>>>;
  /**
   * What of the context makes two situations different; the states always do. Keep it finite.
   *
   * @defaultValue the whole context
   */
  readonly key?: (context: ContextFrom<TMachine>) => unknown;
  /** How many situations there may be. @defaultValue 2_000 */
  readonly limit?: number;
}

/** A transition that the machine declares. */
export interface Edge {
  /** Such as `locked: key.turned -> unlocked (1)`: source, what brings it about, targets, and which of that state's it is. */
  readonly name: string;
  readonly isCovered: boolean;
  /** The first path that took it; `undefined` if none did. */
  readonly path: readonly string[] | undefined;
}

/** What a walk covered of a machine. As text it is a table. */
export interface WalkReport {
  readonly machine: string;
  /** How many situations were reached: states with a context, actors and timers. */
  readonly situations: number;
  readonly edges: readonly Edge[];
  /** Names of the edges that no path took. */
  readonly missed: readonly string[];
  /** Paths of the states that no path entered. */
  readonly missedStates: readonly string[];
  /** Types of the given events that no state handled. */
  readonly unusedEvents: readonly string[];
  toString(): string;
}

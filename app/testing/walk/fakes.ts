import type { ActorLogic, AnyActorLogic, AnyActorRef, EventObject, Snapshot } from 'xstate';

/** How an actor ends. */
export type Outcome = { readonly output: unknown } | { readonly error: unknown };

/** An actor that runs now. */
interface RunningFake {
  readonly source: string;
  readonly ref: AnyActorRef;
}

/** The stand-ins of a machine. */
export interface FakeActors {
  /** The logic of that name. */
  actor(source: string): AnyActorLogic;
  /** Ids of the actors that run now. */
  running(): string[];
  /** The name of an actor's logic; `undefined` unless it runs. */
  sourceOf(id: string): string | undefined;
  /** What the actor of that id was sent. */
  told(id: string): readonly EventObject[];
  /** Ends an actor. @returns Whether it was running. */
  settle(id: string, outcome: Outcome): boolean;
  forget(): void;
}

const ending = 'fake.end';

type FakeLogic = ActorLogic<Snapshot<unknown>, EventObject & { outcome?: Outcome }>;

/** Creates logic of actors that do nothing by themselves. */
const fakeLogic = (
  onStart: (ref: AnyActorRef) => void,
  onStop: (ref: AnyActorRef) => void,
  onEvent: (ref: AnyActorRef, event: EventObject) => void,
): FakeLogic => {
  const logic: FakeLogic = {
    getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
    getPersistedSnapshot: (snapshot) => snapshot,
    start: (_, { self }) => onStart(self),
    transition: (snapshot, { outcome, ...event }, { self }) => {
      if (event.type === ending && outcome) {
        if ('error' in outcome) throw outcome.error;
        return { status: 'done', output: outcome.output, error: undefined };
      }
      if (event.type === 'xstate.stop') {
        onStop(self);
        return { status: 'stopped', output: undefined, error: undefined };
      }
      onEvent(self, event);
      return snapshot;
    },
  };
  return logic;
};

/** Stands in for the actors of a machine: they end only when they are told to, and remember what they hear. */
export const fakeActors = (): FakeActors => {
  const running = new Map<string, RunningFake>();
  const heard = new Map<string, EventObject[]>();
  const leave = (ref: AnyActorRef): void => {
    if (running.get(ref.id)?.ref === ref) running.delete(ref.id);
  };
  return {
    actor: (source) =>
      fakeLogic(
        (ref) => void running.set(ref.id, { source, ref }),
        leave,
        (ref, event) => void heard.set(ref.id, [...(heard.get(ref.id) ?? []), event]),
      ),
    running: () => [...running.keys()],
    sourceOf: (id) => running.get(id)?.source,
    told: (id) => heard.get(id) ?? [],
    settle: (id, outcome) => {
      const fake = running.get(id);
      running.delete(id);
      fake?.ref.send({ type: ending, outcome });
      return fake !== undefined;
    },
    forget: () => {
      running.clear();
      heard.clear();
    },
  };
};

import {
  fromPromise,
  type ActorLogic,
  type AnyActorLogic,
  type AnyActorRef,
  type EventObject,
  type Snapshot,
} from 'xstate';

/** How an invoked actor ends. */
export type Outcome = { readonly output: unknown } | { readonly error: unknown };

type Listening = Snapshot<undefined>;

const crash = 'fake.crash';

/** Stands in for everything a machine invokes: its actors do only what they are told, and remember what they hear. */
export const fakeActors = () => {
  const running = new Map<string, (outcome: Outcome) => void>();
  const heard = new Map<string, EventObject[]>();

  const promise = (): AnyActorLogic =>
    fromPromise(
      ({ self, signal }) =>
        new Promise((resolve, reject) => {
          const settle = (outcome: Outcome) => {
            running.delete(self.id);
            if ('error' in outcome) reject(outcome.error);
            else resolve(outcome.output);
          };
          running.set(self.id, settle);
          signal.addEventListener('abort', () => {
            if (running.get(self.id) === settle) running.delete(self.id);
          });
        }),
    );

  const start = (self: AnyActorRef): void => {
    running.set(self.id, (outcome) => {
      running.delete(self.id);
      self.send({ type: crash, ...outcome });
    });
  };

  const listener = (): AnyActorLogic => {
    const logic: ActorLogic<Listening, EventObject & { error?: unknown }> = {
      getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined }),
      getPersistedSnapshot: (snapshot) => snapshot,
      start: (_, { self }) => start(self),
      transition: (snapshot, event, { self }) => {
        if (event.type === crash) throw event.error;
        if (event.type === 'xstate.stop') {
          running.delete(self.id);
          return { status: 'stopped', output: undefined, error: undefined };
        }
        heard.set(self.id, [...(heard.get(self.id) ?? []), event]);
        return snapshot;
      },
    };
    return logic;
  };

  return {
    /** Logic that waits to be settled. */
    promise,
    /** Logic that listens, and can be made to throw. */
    listener,
    /** Ids of the invoked actors that run now. */
    running: (): string[] => [...running.keys()],
    /** What the actor of that id was told. */
    told: (id: string): readonly EventObject[] => heard.get(id) ?? [],
    /** Ends an invoked actor. @returns Whether it was running. */
    settle: (id: string, outcome: Outcome): boolean => {
      const end = running.get(id);
      end?.(outcome);
      return end !== undefined;
    },
    forget: (): void => {
      running.clear();
      heard.clear();
    },
  };
};

import { fromPromise, type ActorLogic, type AnyActorLogic, type AnyActorRef, type EventObject, type Snapshot } from 'xstate';

/** An invoked actor that does only what it is told from outside. */
interface Running {
  settle(outcome: { output?: unknown } | { error: unknown }): void;
}

const crash = 'fake.crash';
type Crash = { type: typeof crash; error: unknown };
type Listening = Snapshot<undefined> & { context: undefined };

/** Stands in for everything a machine invokes, and remembers what it was told. */
export const fakeActors = () => {
  const running = new Map<string, Running>();
  const heard = new Map<string, EventObject[]>();
  const told = (id: string): EventObject[] => {
    const events = heard.get(id) ?? [];
    heard.set(id, events);
    return events;
  };

  const promise = (): AnyActorLogic =>
    fromPromise(
      ({ self, signal }) =>
        new Promise((resolve, reject) => {
          const me: Running = {
            settle: (outcome) => {
              running.delete(self.id);
              if ('error' in outcome) reject(outcome.error);
              else resolve(outcome.output);
            },
          };
          running.set(self.id, me);
          signal.addEventListener('abort', () => {
            if (running.get(self.id) === me) running.delete(self.id);
          });
        }),
    );

  const started = (self: AnyActorRef): void => {
    running.set(self.id, {
      settle: (outcome) => {
        running.delete(self.id);
        self.send({ type: crash, error: 'error' in outcome ? outcome.error : undefined } satisfies Crash);
      },
    });
  };
  const listener = (): AnyActorLogic => {
    const logic: ActorLogic<Listening, EventObject> = {
      getInitialSnapshot: () => ({ status: 'active', output: undefined, error: undefined, context: undefined }),
      getPersistedSnapshot: (snapshot) => snapshot,
      start: (_, { self }) => started(self),
      transition: (snapshot, event, { self }) => {
        if (event.type === 'xstate.stop') {
          running.delete(self.id);
          return { ...snapshot, status: 'stopped' };
        }
        if (event.type === crash) throw (event as Crash).error;
        told(self.id).push(event);
        return snapshot;
      },
    };
    return logic as unknown as AnyActorLogic;
  };

  return {
    /** Ids of the invoked actors that run now. */
    running: (): string[] => [...running.keys()],
    told: (id: string): readonly EventObject[] => told(id),
    /** Ends an invoked promise, or makes a listener throw. @returns Whether it was running. */
    settle: (id: string, outcome: { output?: unknown } | { error: unknown }): boolean => {
      const actor = running.get(id);
      actor?.settle(outcome);
      return actor !== undefined;
    },
    promise,
    listener,
  };
};
export type FakeActors = ReturnType<typeof fakeActors>;

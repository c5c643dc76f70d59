import type { CarriedOver, UnitInput, UnitRequest } from '../../machines/unit/context.ts';
import type { UnitEmitted } from '../../machines/unit/emitted.ts';
import type { UnitActor } from './await-event.ts';

type Emitted<TType> = Extract<UnitEmitted, { type: TType }>;

/** The unit's root actor; each start after a stop has a new one. */
export interface Root {
  readonly actor: UnitActor;
  /** Whether a statechart of the app starts and stops the actor. */
  readonly isEmbedded: boolean;
  /** What the machine of a new actor begins with. */
  input(carried?: CarriedOver): UnitInput;
  /** Starts the actor. */
  start(): void;
  /** Stops the actor. */
  stop(): void;
  /** Ends the actor where another process takes over. */
  leave(): void;
  /** Replaces a stopped actor by a new one that is not started. */
  renew(): void;
  /** Sends a setting of the app; one that comes after a stop is kept for the next start. */
  set(event: UnitRequest): void;
  /** Subscribes to an event of this actor and of all after it. */
  on<TType extends UnitEmitted['type']>(type: TType, handler: (event: Emitted<TType>) => void): { unsubscribe(): void };
}

/** Emits of a unit, subscribed to by the app or a part of the client. */
const subscribeTo = <TType extends UnitEmitted['type']>(
  actor: UnitActor,
  type: TType,
  handler: (event: Emitted<TType>) => void,
) => actor.on(type, (event) => handler(event as Emitted<TType>));

/** What makes the root actor of a unit. */
export interface RootMaker {
  /** What the machine begins with; gets what the app had asked of the one before. */
  readonly input: (carried?: CarriedOver) => UnitInput;
  /** Creates an actor that is not started. */
  readonly create: (input: UnitInput) => UnitActor;
  /** Keeps what the actor needs, for as long as it runs. */
  readonly hold: () => void;
  /** Lets that go. */
  readonly release: () => void;
}

/** The root of a unit that stands alone. */
export const createRoot = ({ create, input, hold, release }: RootMaker): Root => {
  const subscribers = new Set<(to: UnitActor) => void>();
  let isStopped = false;
  const renew = () => {
    if (!isStopped) return;
    isStopped = false;
    const { handsOver, extraTopics, counts } = root.actor.getSnapshot().context;
    root.actor = create(input({ handsOver, extraTopics, counts }));
    for (const subscribe of subscribers) subscribe(root.actor);
  };
  const root: Root & { actor: UnitActor } = {
    actor: create(input()),
    isEmbedded: false,
    input,
    start: () => {
      hold();
      root.actor.start();
    },
    stop: () => {
      isStopped = true;
      root.actor.stop();
      release();
    },
    leave: () => {
      root.actor.stop();
    },
    renew,
    set: (event) => {
      renew();
      root.actor.send(event);
    },
    on: (type, handler) => {
      let subscription = { unsubscribe: (): void => undefined };
      const subscribe = (to: UnitActor) => {
        subscription = subscribeTo(to, type, handler);
      };
      subscribers.add(subscribe);
      subscribe(root.actor);
      return {
        unsubscribe: () => {
          subscribers.delete(subscribe);
          subscription.unsubscribe();
        },
      };
    },
  };
  return root;
};

/** The root of a unit that runs in a statechart of the app, which starts and stops it. */
export const embeddedRoot = (actor: UnitActor, { hold, release, input }: Omit<RootMaker, 'create'>): Root => ({
  actor,
  isEmbedded: true,
  input,
  start: hold,
  stop: release,
  // It wants no link any more, and its parent ends it.
  leave: () => undefined,
  renew: () => undefined,
  set: (event) => actor.send(event),
  on: (type, handler) => subscribeTo(actor, type, handler),
});

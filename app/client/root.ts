import type { CarriedOver, UnitEmitted, UnitRequest } from '../../machines/unit/context.ts';
import type { UnitActor } from './await-event.ts';

type Emitted<TType> = Extract<UnitEmitted, { type: TType }>;

/** The unit's root actor; each start after a stop has a new one. */
export interface Root {
  readonly actor: UnitActor;
  /** Stops the actor. */
  stop(): void;
  /** Replaces a stopped actor by a new one that is not started. */
  renew(): void;
  /** Sends a setting of the app; one that comes after a stop is kept for the next start. */
  set(event: UnitRequest): void;
  /** Subscribes to an event of this actor and of all after it. */
  on<TType extends UnitEmitted['type']>(type: TType, handler: (event: Emitted<TType>) => void): { unsubscribe(): void };
}

/** @param create Creates an actor; gets what the app had asked of the one before. */
export const createRoot = (create: (carried: CarriedOver | undefined) => UnitActor): Root => {
  let actor = create(undefined);
  const subscribers = new Set<(to: UnitActor) => void>();
  let isStopped = false;
  const renew = () => {
    if (!isStopped) return;
    isStopped = false;
    const { handsOver, extraTopics, counts } = actor.getSnapshot().context;
    actor = create({ handsOver, extraTopics, counts });
    for (const subscribe of subscribers) subscribe(actor);
  };
  return {
    get actor() {
      return actor;
    },
    stop: () => {
      isStopped = true;
      actor.stop();
    },
    renew,
    set: (event) => {
      renew();
      actor.send(event);
    },
    on: (type, handler) => {
      let subscription = { unsubscribe: (): void => undefined };
      const subscribe = (to: UnitActor) => {
        subscription = to.on(type, (event) => handler(event as Emitted<typeof type>));
      };
      subscribers.add(subscribe);
      subscribe(actor);
      return {
        unsubscribe: () => {
          subscribers.delete(subscribe);
          subscription.unsubscribe();
        },
      };
    },
  };
};

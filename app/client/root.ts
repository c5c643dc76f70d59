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
  /** What the machine begins with; gets what it takes over from the one before. */
  input(carried?: CarriedOver): UnitInput;
  /** Creates an actor that is not started. */
  create(input: UnitInput): UnitActor;
  /** Keeps what the actor needs, for as long as it runs. */
  hold(): void;
  /** Lets that go. */
  release(): void;
}

/** The root of a unit that stands alone. */
export class OwnRoot implements Root {
  readonly isEmbedded = false;
  readonly #maker: RootMaker;
  readonly #subscribers = new Set<(to: UnitActor) => void>();
  #actor: UnitActor;
  #isStopped = false;

  constructor(maker: RootMaker) {
    this.#maker = maker;
    this.#actor = maker.create(maker.input());
  }

  get actor(): UnitActor {
    return this.#actor;
  }

  input(carried?: CarriedOver): UnitInput {
    return this.#maker.input(carried);
  }

  start(): void {
    this.#maker.hold();
    this.#actor.start();
  }

  stop(): void {
    this.#isStopped = true;
    this.#actor.stop();
    this.#maker.release();
  }

  leave(): void {
    this.#actor.stop();
  }

  renew(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    const { handsOver, placed, extraTopics, counts } = this.#actor.getSnapshot().context;
    this.#actor = this.#maker.create(this.input({ handsOver, placed, extraTopics, counts }));
    for (const subscribe of this.#subscribers) subscribe(this.#actor);
  }

  set(event: UnitRequest): void {
    this.renew();
    this.#actor.send(event);
  }

  on<TType extends UnitEmitted['type']>(
    type: TType,
    handler: (event: Emitted<TType>) => void,
  ): { unsubscribe(): void } {
    let subscription = { unsubscribe: (): void => undefined };
    const subscribe = (to: UnitActor) => {
      subscription = subscribeTo(to, type, handler);
    };
    this.#subscribers.add(subscribe);
    subscribe(this.#actor);
    return {
      unsubscribe: () => {
        this.#subscribers.delete(subscribe);
        subscription.unsubscribe();
      },
    };
  }
}

/** The root of a unit that runs in a statechart of the app, which starts and stops it. */
export const embeddedRoot = (actor: UnitActor, maker: Omit<RootMaker, 'create'>): Root => ({
  actor,
  isEmbedded: true,
  input: (carried) => maker.input(carried),
  start: () => maker.hold(),
  stop: () => maker.release(),
  // It wants no link any more, and its parent ends it.
  leave: () => undefined,
  renew: () => undefined,
  set: (event) => actor.send(event),
  on: (type, handler) => subscribeTo(actor, type, handler),
});

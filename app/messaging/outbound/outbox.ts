import type { Clock } from '../../../services/clock.ts';
import type { OutboxMetrics } from '../../../services/metrics.ts';
import type { Outbox } from '../../../services/outbox.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import { createFates, type Fates } from './outcomes.ts';
import { createLimits, noRoom } from './limits.ts';
import { createKeeper, createNoKeeper, type Keeper, type RestoredMessage } from './persistence.ts';
import { createOwnership } from './ownership.ts';
import { createPolicies, type OutboxBounds, type OutboxOptions } from './options.ts';
import { createQueue, type Lane, type Message, type OutboxQueue } from './queue.ts';
import { dropped, queued, type PublishResult } from './result.ts';

export interface OutboxParts {
  /** `undefined` when nothing needs to outlive the program. */
  readonly store: Outbox | undefined;
  readonly clock: Clock;
  readonly bounds: OutboxBounds;
  readonly policies: OutboxOptions['policies'];
  readonly epochMs: () => number | undefined;
  readonly warn: (message: string) => void;
  /** It is known now what waits. */
  readonly onReady: () => void;
}

/** What waits for the link: in order, within its bounds, and in the store. */
export interface PlaneOutbox extends Pick<Fates, 'end' | 'bury'> {
  readonly queue: OutboxQueue;
  /** Lets a message wait, as its topic's policy says. */
  keep(message: Message): Promise<PublishResult>;
  /** Writes a message to the store that is still on its way. */
  secure(message: Message): void;
  /** Counts a message that never waited. */
  count(result: PublishResult): void;
  /** Ends what has waited for too long. */
  expire(): void;
  route(schema: UnitSchema): void;
  /** From now on the program is the unit of this UUID: what waits of another goes aside. */
  claim(unit: string): void;
  /** Takes over what earlier runs left. Never rejects. */
  open(): Promise<void>;
  isReady(): boolean;
  /** Gives the store up, for another program to take; what waits here waits in memory until it is opened again. */
  release(withinMs: number): Promise<void>;
  /** Ends every message, or leaves it to the next run; takes no longer than it may. */
  close(withinMs: number): Promise<void>;
  metrics(): OutboxMetrics;
}

const notKept = dropped('It can not be sent now, and the policy of its topic is to keep nothing.');
const atStop = dropped('The client was stopped.');

const isGone = ({ state }: Message): boolean => state === 'gone';

const messageOf = ({ stored, order, ageMs }: RestoredMessage, lane: Lane, now: number): Message => ({
  order,
  lane,
  payload: stored.payload,
  qos: stored.qos,
  retain: stored.retain,
  bytes: stored.topic.length + stored.payload.length,
  bornMs: now - ageMs,
  state: 'waiting',
  isStored: true,
  isQueued: true,
  unit: stored.unit,
  settle: undefined,
});

/** Makes the keeper that the outbox needs, and hands what it restores to the queue. */
const keeperFor = (
  { store, clock, epochMs, warn, onReady }: OutboxParts,
  queue: OutboxQueue,
  unit: () => string | undefined,
  admit: (restored: readonly Message[]) => void,
): Keeper => {
  if (!store) return createNoKeeper();
  const onRestored = (restored: readonly RestoredMessage[]) => {
    const now = clock.monotonic();
    const messages = restored.map((one) => messageOf(one, queue.laneOf(one.stored.topic), now));
    queue.restore(messages);
    admit(messages);
  };
  return createKeeper({
    store,
    clock,
    epochMs,
    unit,
    warn,
    onReady,
    onRestored,
    all: queue.all,
  });
};

/** Leaves to the next run what the store has, and drops the rest. */
const closing = async (queue: OutboxQueue, keeper: Keeper, end: Fates['end'], withinMs: number) => {
  for (const message of queue.all()) {
    const { state, qos, lane } = message;
    if (state === 'sending' && (qos === 0 || lane.policy.keep === 'none')) end(message, atStop);
    else queue.move(message, 'waiting');
  }
  await keeper.close(withinMs);
  for (const message of queue.all()) {
    if (message.isStored) message.settle?.(queued);
    else end(message, atStop);
  }
};

/** Writes what the link has of a topic before a later message of it: none overtakes another through a restart. */
const secureEarlier = ({ lane, order }: Message, keeper: Keeper) => {
  if (lane.unsecured === 0) return;
  lane.unsecured = 0;
  for (const earlier of lane.messages.items()) {
    if (earlier.order < order && earlier.qos > 0 && earlier.state === 'sending') void keeper.save(earlier);
  }
};

export const createOutbox = (parts: OutboxParts): PlaneOutbox => {
  const { clock, bounds, warn } = parts;
  const policies = createPolicies(parts.policies);
  const queue = createQueue(bounds, policies);
  const ownership = createOwnership(warn, (message, result) => bury(message, result));
  const keeper = keeperFor(parts, queue, ownership.unit, (restored) => {
    ownership.sift(restored);
    const own = restored.filter((message) => !isGone(message));
    // From the newest on, so that it is they who are rejected where the new is.
    own.toReversed().forEach(makeRoom);
    expire();
  });
  const { counts, end, bury } = createFates(queue, keeper);
  const limits = createLimits({ clock, bounds, warn, queue, end });
  const { makeRoom, expire } = limits;

  return {
    queue,
    end,
    bury,
    keep: async (message) => {
      if (message.lane.policy.keep === 'none' && !message.isQueued) return end(message, notKept);
      queue.move(message, 'waiting');
      if (!message.isQueued) counts.queued += 1;
      message.isQueued = true;
      expire();
      makeRoom(message);
      if (isGone(message)) return noRoom;
      secureEarlier(message, keeper);
      return keeper.save(message);
    },
    secure: (message) => void keeper.save(message),
    count: ({ outcome }) => {
      counts[outcome] += 1;
    },
    expire,
    route: (schema) => {
      policies.route(schema);
      queue.reroute();
    },
    claim: (unit) => ownership.claim(unit, queue.all()),
    open: () => {
      limits.start();
      return keeper.open();
    },
    isReady: keeper.isReady,
    release: keeper.close,
    close: (withinMs) => {
      limits.stop();
      return closing(queue, keeper, end, withinMs);
    },
    metrics: () => {
      expire();
      const { delivered: sent, ...others } = counts;
      const { messages: waiting, bytes: waitingBytes } = queue.waiting;
      return { waiting, waitingBytes, sending: queue.sending.messages, sent, ...others, ...keeper.metrics() };
    },
  };
};

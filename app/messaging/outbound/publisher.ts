import { publishBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import { topicFault } from '../../../adapters/shared/mqtt/topics.ts';
import type { Link, PublishOptions, Qos } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { OutboxMetrics } from '../../../services/metrics.ts';
import type { Outbox } from '../../../services/outbox.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import { createRefusalWarnings } from '../throttled-warning.ts';
import { copyOf, settlementOf, type Message, type MessageOptions } from './message.ts';
import type { Payload, PublishRequest } from './message.ts';
import { boundsOf, createPolicies, type OutboxOptions } from './options.ts';
import { createPersistence, type Persistence } from './persistence.ts';
import { createPoisonDetector } from './poison-messages.ts';
import { createQueue, type OutboxQueue } from './queue.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createReplay } from './replay.ts';
import { delivered, deliveredAtOnce, dropped, queued, refused, type PublishResult } from './result.ts';

export interface PublisherParts {
  /** Where what waits outlives the program; `undefined` when it need not. */
  readonly store: Outbox | undefined;
  readonly clock: Clock;
  readonly options: OutboxOptions;
  /** Unix milliseconds by a synchronised clock; `undefined` before the first sync. */
  readonly epochMs: () => number | undefined;
  readonly warn: (message: string) => void;
}

export interface Publisher {
  /** Sends a message now, or keeps it for later. Always resolves. */
  publish(topic: string, payload: Payload, options?: MessageOptions): Promise<PublishResult>;
  /** Sends a message now or not at all. @throws {BrokerError} */
  send(topic: string, payload: Payload, options?: PublishOptions): Promise<void>;
  /** Quality of service of the messages of a topic that name none. */
  qosOf(topic: string): Qos;
  /** Takes over which topics the keys of the policies stand for. */
  route(schema: UnitSchema): void;
  /** From now on the program is the unit of this UUID: what waits of another is put aside, and not sent. */
  claim(unit: string): void;
  /** Takes over how old the messages of earlier runs are, once the time is synchronised. */
  timeSynced(): void;
  /** Takes over what earlier runs of the program left. Never rejects. */
  open(): Promise<void>;
  /** Leaves what waits to another program, until it is opened again. @param withinMs @defaultValue 5_000 */
  release(withinMs?: number): Promise<void>;
  attach(link: Link): void;
  detach(link: Link): void;
  isAttached(): boolean;
  /** Bytes of the largest payload that fits into a packet on this topic, as the options and the broker have it. */
  roomOn(topic: string): number;
  /** Takes no more messages; what waits stays for the next start. @param withinMs @defaultValue 5_000 */
  stop(withinMs?: number): Promise<void>;
  metrics(): OutboxMetrics;
}

/** What the link may have and not have acknowledged; more waits in the outbox. */
const maxSending = { messages: 1_024, bytes: 1024 * 1024 };
/** How long a disk may take to let the outbox go, milliseconds. */
const leaveWithinMs = 5_000;

const stopped = dropped('The client was stopped.');
const tooLong = (bytes: number, maxBytes: number): string =>
  `its ${bytes} bytes pass the limit of ${maxBytes}. Send less at once.`;

const isAtRisk = ({ state, qos, isStored }: Message): boolean => state === 'sending' && qos > 0 && !isStored;

/**
 * Writes to the store what the broker takes long to acknowledge, so that a kill of the program does not lose it.
 *
 * @param patienceMs How long a message may go unacknowledged first; one timer for all of them.
 */
const createAckWatchdog = (queue: OutboxQueue, save: Persistence['save'], clock: Clock, patienceMs: number) => {
  let timer: unknown;
  /** A message of QoS 1 or 2 was sent. */
  const start = () => {
    timer ??= clock.setTimeout(() => {
      timer = undefined;
      const now = clock.monotonic();
      const atRisk = queue.all().filter(isAtRisk);
      for (const message of atRisk) if (now - message.bornMs >= patienceMs) void save(message);
      if (atRisk.length > 0) start();
    }, patienceMs);
  };
  return { start, stop: () => clock.clearTimeout(timer) };
};

/** The parts of a publisher, wired to each other from the bottom up. */
const assemble = ({ store, clock, options, epochMs, warn }: PublisherParts) => {
  const bounds = boundsOf(options);
  const policies = createPolicies(options);
  const queue = createQueue({ clock, bounds, policies, warn });
  const persistence = createPersistence({ store, clock, queue, epochMs, warn });
  const limiter = createRateLimiter(options.rate);
  const poison = createPoisonDetector(clock);
  const refusals = createRefusalWarnings(clock, warn);
  const replay = createReplay({ queue, persistence, limiter, poison, clock, onRefusal: refusals.add });
  const watchdog = createAckWatchdog(queue, persistence.save, clock, bounds.unacknowledgedMs);
  persistence.onReady(replay.wake);
  return { clock, bounds, policies, queue, persistence, limiter, poison, refusals, replay, watchdog };
};

type Parts = ReturnType<typeof assemble>;

/** Puts a message on the link, or into the outbox, and follows what becomes of it. */
const createSender = ({ clock, policies, queue, persistence, limiter, poison, refusals, replay, watchdog }: Parts) => {
  const keep = async (message: Message, nowMs: number): Promise<PublishResult> => {
    const result = await persistence.keep(message, nowMs);
    replay.wake();
    return result;
  };
  const fail = (link: Link, message: Message, thrown: unknown): PublishResult | Promise<PublishResult> => {
    if (message.state !== 'sending') return message.isStored ? queued : stopped;
    if (!(thrown instanceof BrokerError && thrown.code === 'refused')) {
      poison.failed(link, message, thrown);
      return keep(message, clock.monotonic());
    }
    refusals.add(message.topic.name, thrown.message);
    return queue.end(message, refused(thrown.message, thrown.reasonCode));
  };
  return {
    /** Whether a message may go past the outbox; the rate then has room for it. */
    mayPass: ({ topic: name, qos, bytes, bornMs }: PublishRequest): boolean => {
      const topic = queue.topics.get(name);
      if (topic !== undefined && topic.waiting > 0) return false;
      if (queue.sending.messages >= maxSending.messages || queue.sending.bytes >= maxSending.bytes) return false;
      if (!persistence.status.isReady || (qos > 0 && poison.isTrying())) return false;
      return limiter.take(bornMs, bytes, (topic?.policy ?? policies.of(name)).yields);
    },
    send: (link: Link, request: PublishRequest, options: MessageOptions | undefined) => {
      const message = queue.add(request, 'sending');
      if (message.qos > 0) {
        message.topic.unsecured += 1;
        watchdog.start();
      }
      const settlement = options?.until === 'settled' ? settlementOf(message) : undefined;
      const accepted = link.publish(request.topic, request.payload, options).then(
        () => {
          poison.acknowledged(message);
          return queue.end(message, delivered);
        },
        (thrown: unknown) => fail(link, message, thrown),
      );
      return settlement ?? accepted;
    },
    sendOrThrow: async (link: Link | undefined, topic: string, payload: Payload, options?: PublishOptions) => {
      if (!link) throw new BrokerError('closed', `Nothing can be sent to ${topic}: the link is down. Try again later.`);
      limiter.charge(clock.monotonic(), publishBytes(topic, payload));
      await link.publish(topic, payload, options);
      queue.counts.delivered += 1;
    },
    keep: (request: PublishRequest, options: MessageOptions | undefined) => {
      const message = queue.add(request, 'waiting');
      const settlement = options?.until === 'settled' ? settlementOf(message) : undefined;
      const accepted = keep(message, request.bornMs);
      return settlement ?? accepted;
    },
  };
};

/** Ends every message, or leaves it to the next run; takes no longer than it may. */
const close = async ({ queue, persistence, watchdog, refusals }: Parts, withinMs: number) => {
  watchdog.stop();
  refusals.stop();
  queue.stop();
  for (const message of queue.all()) {
    const isLost = message.qos === 0 || message.topic.policy.keep === 'none';
    if (message.state === 'sending' && isLost) queue.end(message, stopped);
    else queue.move(message, 'waiting');
  }
  await persistence.close(withinMs);
  for (const message of queue.all()) {
    if (message.isStored) message.settle?.(queued);
    else queue.end(message, stopped);
  }
};

const metricsOf = ({ clock, queue, persistence }: Parts): OutboxMetrics => {
  queue.expire(clock.monotonic());
  const { delivered: sent, ...others } = queue.counts;
  const { messages: waiting, bytes: waitingBytes } = queue.waiting;
  const { isVolatile } = persistence.status;
  return { waiting, waitingBytes, sending: queue.sending.messages, sent, ...others, isVolatile };
};

/**
 * Brings messages to the link that is open, past the outbox as long as nothing of their topic waits there, and into
 * the outbox otherwise.
 */
export const createPublisher = (given: PublisherParts): Publisher => {
  const parts = assemble(given);
  const { clock, bounds, policies, queue, persistence, refusals, replay } = parts;
  const sender = createSender(parts);
  let open: Link | undefined;
  let isStopped = false;
  /** Ends a message that never got into the queue. */
  const turnAway = (result: PublishResult): Promise<PublishResult> => {
    queue.counts[result.outcome] += 1;
    return Promise.resolve(result);
  };
  return {
    publish: (topic, message, options) => {
      if (isStopped) return turnAway(stopped);
      const bytes = publishBytes(topic, message);
      const fault = bytes > bounds.packetBytes ? tooLong(bytes, bounds.packetBytes) : topicFault(topic);
      if (fault !== undefined) {
        refusals.add(topic, fault);
        return turnAway(refused(fault));
      }
      const { qos = 0, retain = false } = options ?? {};
      const payload = typeof message === 'string' ? message : copyOf(message);
      const request = { topic, payload, qos, retain, bytes, bornMs: clock.monotonic() };
      if (!open || !sender.mayPass(request)) return sender.keep(request, options);
      if (qos > 0 || !open.publishNow(topic, payload, retain)) return sender.send(open, request, options);
      queue.counts.delivered += 1;
      return deliveredAtOnce;
    },
    send: (topic, payload, options) => sender.sendOrThrow(open, topic, payload, options),
    qosOf: (topic) => policies.of(topic).qos,
    route: (schema) => {
      policies.route(schema);
      queue.reroute();
    },
    claim: persistence.claim,
    timeSynced: persistence.timeSynced,
    open: async () => {
      if (!isStopped) queue.start();
      if (!isStopped) await persistence.open();
    },
    release: (withinMs = leaveWithinMs) => persistence.close(withinMs),
    attach: (opened) => {
      open = opened;
      replay.start(opened);
    },
    detach: (closed) => {
      if (open !== closed) return;
      open = undefined;
      replay.stop();
    },
    isAttached: () => open !== undefined,
    roomOn: (topic) => Math.min(bounds.packetBytes, open?.maximumPacketSize ?? Infinity) - publishBytes(topic, ''),
    stop: (withinMs = leaveWithinMs) => {
      isStopped = true;
      open = undefined;
      replay.stop();
      return close(parts, withinMs);
    },
    metrics: () => metricsOf(parts),
  };
};

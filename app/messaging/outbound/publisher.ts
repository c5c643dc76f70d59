import { publishBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import type { Link, PublishOptions, Qos } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import type { OutboxMetrics } from '../../../services/metrics.ts';
import type { Outbox } from '../../../services/outbox.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import { createRefusalWarnings } from '../throttled-warning.ts';
import { payloadText } from './message.ts';
import type { MessageOptions, Payload } from './message.ts';
import { createDenials } from './denials.ts';
import { createIntake } from './intake.ts';
import { boundsOf, createPolicies, type OutboxOptions } from './options.ts';
import { createPersistence } from './persistence.ts';
import { createPoisonDetector } from './poison-messages.ts';
import { createQueue } from './queue.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createReplay } from './replay.ts';
import { createAckWatchdog, createSender } from './sender.ts';
import { queued, stopped, type PublishResult } from './result.ts';
import { watchSend, type OutboundWatch } from './watch.ts';

export interface PublisherParts {
  /** Where what waits outlives the program; `undefined` when it need not. */
  readonly store: Outbox | undefined;
  readonly clock: Clock;
  readonly options: OutboxOptions;
  /** Unix milliseconds by a synchronised clock; `undefined` before the first sync. */
  readonly epochMs: () => number | undefined;
  readonly warn: (message: string) => void;
  /** Gets what becomes of each message. @defaultValue none */
  readonly watch?: OutboundWatch | undefined;
}

export interface Publisher {
  /** Sends a message now, or keeps it for later. Always resolves. */
  publish(topic: string, payload: Payload, options?: MessageOptions): Promise<PublishResult>;
  /** Publishes like {@link Publisher.publish}, and tells whether the message was delivered or queued. */
  accept(topic: string, payload: Payload, options?: MessageOptions): Promise<boolean>;
  /** Sends a message now or not at all. @throws {BrokerError} */
  send(topic: string, payload: Payload, options?: PublishOptions): Promise<void>;
  /** Quality of service of the messages of a topic that name none. */
  qosOf(topic: string): Qos;
  /** Texts of the messages of a topic that wait, or that the broker has not acknowledged, oldest first. */
  pendingOn(topic: string): string[];
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
  /**
   * Publishes on this link from now on.
   *
   * @param ask Asks whether the instance grants the unit its own topics, when the broker has denied one. With it publishing
   *   is held until {@link Publisher.resume}, now and after each such denial.
   */
  attach(link: Link, ask?: (topic: string) => void): void;
  /** Publishes what is held: the instance grants the unit its own topics. */
  resume(link: Link): void;
  detach(link: Link): void;
  isAttached(): boolean;
  /** Bytes of the largest payload that fits into a packet on this topic, as the options and the broker have it. */
  roomOn(topic: string): number;
  /** Takes no more messages; what waits stays for the next start. @param withinMs @defaultValue 5_000 */
  stop(withinMs?: number): Promise<void>;
  metrics(): OutboxMetrics;
}

/** How long a disk may take to let the outbox go, milliseconds. */
const leaveWithinMs = 5_000;

/** The parts of a publisher, wired to each other from the bottom up. */
const assemble = ({ store, clock, options, epochMs, warn, watch }: PublisherParts) => {
  const bounds = boundsOf(options);
  const policies = createPolicies(options);
  const queue = createQueue({ clock, bounds, policies, warn, watch });
  const persistence = createPersistence({ store, clock, queue, epochMs, warn });
  const limiter = createRateLimiter(options.rate);
  const poison = createPoisonDetector(clock);
  const refusals = createRefusalWarnings(clock, warn);
  const denials = createDenials();
  const replay = createReplay({ queue, denials, persistence, limiter, poison, clock, onRefusal: refusals.add });
  const watchdog = createAckWatchdog(queue, persistence.save, clock, bounds.unacknowledgedMs);
  persistence.onReady(replay.wake);
  return { clock, bounds, policies, queue, persistence, denials, limiter, poison, refusals, replay, watchdog, watch };
};

type Parts = ReturnType<typeof assemble>;

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

/** What a publisher does with or without a link. */
const linkless = (
  parts: Parts,
): Pick<Publisher, 'qosOf' | 'pendingOn' | 'route' | 'claim' | 'timeSynced' | 'release' | 'metrics'> => ({
  qosOf: (topic) => parts.policies.of(topic).qos,
  pendingOn: (topic) => (parts.queue.topics.get(topic)?.messages.items() ?? []).map(payloadText),
  route: (schema) => {
    parts.policies.route(schema);
    parts.queue.reroute();
  },
  claim: parts.persistence.claim,
  timeSynced: parts.persistence.timeSynced,
  release: (withinMs = leaveWithinMs) => parts.persistence.close(withinMs),
  metrics: () => metricsOf(parts),
});

/**
 * Brings messages to the link that is open, past the outbox as long as nothing of their topic waits there, and into
 * the outbox otherwise.
 */
export const createPublisher = (given: PublisherParts): Publisher => {
  const parts = assemble(given);
  const { bounds, queue, persistence, denials, replay } = parts;
  const sender = createSender(parts);
  let open: Link | undefined;
  let isStopped = false;
  const intake = createIntake(parts, sender, () => (isStopped ? 'stopped' : open));
  return {
    send: watchSend((topic, payload, options) => sender.sendOrThrow(open, topic, payload, options), given.watch),
    open: async () => {
      if (!isStopped) queue.start();
      if (!isStopped) await persistence.open();
    },
    attach: (opened, ask) => {
      open = opened;
      denials.opened(ask);
      replay.start(opened);
    },
    resume: (granted) => {
      if (open !== granted) return;
      denials.granted();
      replay.wake();
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
    ...intake, // Not first: V8 would give each unit a hidden class of its own.
    ...linkless(parts),
  };
};

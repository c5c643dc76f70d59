import { publishBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import type { Link, PublishOptions, Qos } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import type { OutboxMetrics } from '../../../services/metrics.ts';
import type { Outbox } from '../../../services/outbox.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import { createRefusalWarnings } from '../throttled-warning.ts';
import { payloadText } from './message.ts';
import type { MessageOptions, Payload } from './message.ts';
import { Denials } from './denials.ts';
import { Intake } from './intake.ts';
import { boundsOf, createPolicies, type OutboxOptions } from './options.ts';
import { Persistence } from './persistence.ts';
import { PoisonDetector } from './poison-messages.ts';
import { OutboxQueue } from './queue.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { Replay } from './replay.ts';
import { AckWatchdog, Sender } from './sender.ts';
import { queued, stopped, type PublishResult } from './result.ts';
import { watchSent, type OutboundWatch } from './watch.ts';

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
  const queue = new OutboxQueue({ clock, bounds, policies, warn, watch });
  const persistence = new Persistence({ store, clock, queue, epochMs, warn });
  const limiter = createRateLimiter(options.rate);
  const poison = new PoisonDetector(clock);
  const refusals = createRefusalWarnings(clock, warn);
  const denials = new Denials();
  const replay = new Replay({ queue, denials, persistence, limiter, poison, clock, onRefusal: refusals.add });
  const watchdog = new AckWatchdog(queue, persistence, clock, bounds.unacknowledgedMs);
  persistence.onReady(() => replay.wake());
  const sender = new Sender({
    clock,
    policies,
    queue,
    persistence,
    denials,
    limiter,
    poison,
    refusals,
    replay,
    watchdog,
  });
  const intake = new Intake({ clock, bounds, queue, refusals, watch }, sender);
  return { clock, bounds, policies, queue, persistence, denials, refusals, replay, watchdog, watch, sender, intake };
};

/**
 * Brings messages to the link that is open, past the outbox as long as nothing of their topic waits there, and into
 * the outbox otherwise.
 */
export class OutboxPublisher implements Publisher {
  readonly #parts: ReturnType<typeof assemble>;

  constructor(parts: PublisherParts) {
    this.#parts = assemble(parts);
  }

  publish(topic: string, payload: Payload, options?: MessageOptions): Promise<PublishResult> {
    return this.#parts.intake.publish(topic, payload, options);
  }

  accept(topic: string, payload: Payload, options?: MessageOptions): Promise<boolean> {
    return this.#parts.intake.accept(topic, payload, options);
  }

  send(topic: string, payload: Payload, options?: PublishOptions): Promise<void> {
    const { sender, intake, watch } = this.#parts;
    const sent = sender.sendOrThrow(intake.link, topic, payload, options);
    watchSent(watch, sent, topic, payload, options);
    return sent;
  }

  qosOf(topic: string): Qos {
    return this.#parts.policies.of(topic).qos;
  }

  pendingOn(topic: string): string[] {
    return (this.#parts.queue.topics.get(topic)?.messages.items() ?? []).map(payloadText);
  }

  route(schema: UnitSchema): void {
    this.#parts.policies.route(schema);
    this.#parts.queue.reroute();
  }

  claim(unit: string): void {
    this.#parts.persistence.claim(unit);
  }

  timeSynced(): void {
    this.#parts.persistence.timeSynced();
  }

  async open(): Promise<void> {
    const { intake, queue, persistence } = this.#parts;
    if (intake.isStopped) return;
    queue.start();
    await persistence.open();
  }

  async release(withinMs = leaveWithinMs): Promise<void> {
    await this.#parts.persistence.close(withinMs);
  }

  attach(link: Link, ask?: (topic: string) => void): void {
    const { intake, denials, replay } = this.#parts;
    intake.link = link;
    denials.opened(ask);
    replay.start(link);
  }

  resume(link: Link): void {
    const { intake, denials, replay } = this.#parts;
    if (intake.link !== link) return;
    denials.granted();
    replay.wake();
  }

  detach(link: Link): void {
    const { intake, replay } = this.#parts;
    if (intake.link !== link) return;
    intake.link = undefined;
    replay.stop();
  }

  isAttached(): boolean {
    return this.#parts.intake.link !== undefined;
  }

  roomOn(topic: string): number {
    const { bounds, intake } = this.#parts;
    return Math.min(bounds.packetBytes, intake.link?.maximumPacketSize ?? Infinity) - publishBytes(topic, '');
  }

  stop(withinMs = leaveWithinMs): Promise<void> {
    this.#parts.intake.stop();
    this.#parts.replay.stop();
    return this.#close(withinMs);
  }

  metrics(): OutboxMetrics {
    const { clock, queue, persistence } = this.#parts;
    queue.expire(clock.monotonic());
    const { delivered: sent, ...others } = queue.counts;
    const { messages: waiting, bytes: waitingBytes } = queue.waiting;
    const { isVolatile } = persistence.status;
    return { waiting, waitingBytes, sending: queue.sending.messages, sent, ...others, isVolatile };
  }

  /** Ends every message, or leaves it to the next run; takes no longer than it may. */
  async #close(withinMs: number): Promise<void> {
    const { queue, persistence, watchdog, refusals } = this.#parts;
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
  }
}

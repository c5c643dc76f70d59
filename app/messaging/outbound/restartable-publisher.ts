import type { Link, PublishOptions, Qos } from '../../../services/broker.ts';
import type { OutboxMetrics } from '../../../services/metrics.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import type { MessageOptions, Payload } from './message.ts';
import { OutboxPublisher, type Publisher, type PublisherParts } from './publisher.ts';
import type { PublishResult } from './result.ts';

const counters = ['queued', 'sent', 'refused', 'dropped', 'replaced', 'expired', 'dead', 'damaged'] as const;
type Counters = Pick<OutboxMetrics, (typeof counters)[number]>;

const sumOf = (earlier: Counters | undefined, now: OutboxMetrics): OutboxMetrics =>
  earlier
    ? { ...now, ...Object.fromEntries(counters.map((counter) => [counter, earlier[counter] + now[counter]])) }
    : now;

/**
 * A publisher that takes messages again after a stop. It is a new one after each start, as other programs may work on the
 * store between a stop and the next start. The counts go on.
 */
export class RestartablePublisher implements Publisher {
  readonly #parts: PublisherParts;
  #current: Publisher;
  #earlier: OutboxMetrics | undefined;
  #schema: UnitSchema | undefined;
  #unit: string | undefined;

  constructor(parts: PublisherParts) {
    this.#parts = parts;
    this.#current = new OutboxPublisher(parts);
  }

  publish(topic: string, payload: Payload, options?: MessageOptions): Promise<PublishResult> {
    return this.#current.publish(topic, payload, options);
  }

  accept(topic: string, payload: Payload, options?: MessageOptions): Promise<boolean> {
    return this.#current.accept(topic, payload, options);
  }

  send(topic: string, payload: Payload, options?: PublishOptions): Promise<void> {
    return this.#current.send(topic, payload, options);
  }

  qosOf(topic: string): Qos {
    return this.#current.qosOf(topic);
  }

  pendingOn(topic: string): string[] {
    return this.#current.pendingOn(topic);
  }

  route(schema: UnitSchema): void {
    this.#schema = schema;
    this.#current.route(schema);
  }

  claim(unit: string): void {
    this.#unit = unit;
    this.#current.claim(unit);
  }

  timeSynced(): void {
    this.#current.timeSynced();
  }

  open(): Promise<void> {
    return this.#current.open();
  }

  release(withinMs?: number): Promise<void> {
    return this.#current.release(withinMs);
  }

  attach(link: Link, ask?: (topic: string) => void): void {
    this.#current.attach(link, ask);
  }

  resume(link: Link): void {
    this.#current.resume(link);
  }

  detach(link: Link): void {
    this.#current.detach(link);
  }

  isAttached(): boolean {
    return this.#current.isAttached();
  }

  roomOn(topic: string): number {
    return this.#current.roomOn(topic);
  }

  stop(withinMs?: number): Promise<void> {
    return this.#current.stop(withinMs);
  }

  /** Begins anew after a stop; what waits in the store is read when it is opened. */
  start(): void {
    this.#earlier = this.metrics();
    this.#current = new OutboxPublisher(this.#parts);
    if (this.#schema) this.#current.route(this.#schema);
    if (this.#unit !== undefined) this.#current.claim(this.#unit);
  }

  metrics(): OutboxMetrics {
    return sumOf(this.#earlier, this.#current.metrics());
  }
}

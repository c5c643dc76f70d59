import type { OutboxMetrics } from '../../../services/metrics.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import { createPublisher, type Publisher, type PublisherParts } from './publisher.ts';

/** A publisher that takes messages again after a stop. */
export interface RestartablePublisher extends Publisher {
  /** Begins anew after a stop; what waits in the store is read when it is opened. */
  start(): void;
}

const counters = ['queued', 'sent', 'refused', 'dropped', 'replaced', 'expired', 'dead', 'damaged'] as const;
type Counters = Pick<OutboxMetrics, (typeof counters)[number]>;

const sumOf = (earlier: Counters | undefined, now: OutboxMetrics): OutboxMetrics =>
  earlier
    ? { ...now, ...Object.fromEntries(counters.map((counter) => [counter, earlier[counter] + now[counter]])) }
    : now;

/**
 * Creates a publisher for each start, as other programs may work on the store between a stop and the next start. The counts
 * go on.
 */
export const createRestartablePublisher = (parts: PublisherParts): RestartablePublisher => {
  let current = createPublisher(parts);
  let earlier: OutboxMetrics | undefined;
  let schema: UnitSchema | undefined;
  let unit: string | undefined;
  const metrics = () => sumOf(earlier, current.metrics());
  return {
    publish: (topic, payload, options) => current.publish(topic, payload, options),
    accept: (topic, payload, options) => current.accept(topic, payload, options),
    send: (topic, payload, options) => current.send(topic, payload, options),
    qosOf: (topic) => current.qosOf(topic),
    pendingOn: (topic) => current.pendingOn(topic),
    route: (adopted) => {
      schema = adopted;
      current.route(adopted);
    },
    claim: (own) => {
      unit = own;
      current.claim(own);
    },
    timeSynced: () => current.timeSynced(),
    open: () => current.open(),
    release: (withinMs) => current.release(withinMs),
    attach: (link, ask) => current.attach(link, ask),
    resume: (link) => current.resume(link),
    detach: (link) => current.detach(link),
    isAttached: () => current.isAttached(),
    roomOn: (topic) => current.roomOn(topic),
    stop: (withinMs) => current.stop(withinMs),
    start: () => {
      earlier = metrics();
      current = createPublisher(parts);
      if (schema) current.route(schema);
      if (unit !== undefined) current.claim(unit);
    },
    metrics,
  };
};

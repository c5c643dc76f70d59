import type { Link, PublishOptions } from '../../services/broker.ts';
import { BrokerError, failureOf } from '../../services/errors.ts';

/** What became of a message. */
export type PublishOutcome =
  /** Written to the broker (QoS 0) or acknowledged by it (QoS 1, 2). */
  | 'delivered'
  /** Kept until the link is back. */
  | 'queued'
  /** The broker, or the packet limit, said no. */
  | 'refused'
  /** The client was stopped before the message could leave. */
  | 'dropped';

/** How much may wait for the link, and how large one message may be. */
export interface PublisherBounds {
  /** Messages; the oldest are dropped first. @defaultValue 1_000 */
  readonly messages: number;
  /** Bytes of payload; the oldest are dropped first. @defaultValue 4 MiB */
  readonly bytes: number;
  /** Bytes of one payload. @defaultValue 256 KiB less 1 KiB for the packet's own fields */
  readonly payloadBytes: number;
}

export const defaultPublisherBounds: PublisherBounds = {
  messages: 1_000,
  bytes: 4 * 1024 * 1024,
  payloadBytes: 255 * 1024,
};

/** How publishing stands. */
export interface PublisherFigures {
  readonly delivered: number;
  readonly queued: number;
  readonly dropped: number;
  readonly refused: number;
}

type Payload = Uint8Array | string;

interface Waiting {
  readonly topic: string;
  readonly payload: Payload;
  readonly options: PublishOptions | undefined;
  readonly bytes: number;
}

const encoder = new TextEncoder();

/** Bytes of a payload on the wire; measured exactly only where the cheap bound does not settle it. */
const bytesOf = (payload: Payload, limit: number): number => {
  if (typeof payload !== 'string') return payload.length;
  return payload.length * 3 <= limit ? payload.length : encoder.encode(payload).length;
};

export interface Publisher {
  /** Sends a message now, or keeps it for later. Always resolves. */
  publish(topic: string, payload: Payload, options?: PublishOptions): Promise<PublishOutcome>;
  /** Sends a message now or not at all. @throws {BrokerError} */
  send(topic: string, payload: Payload, options?: PublishOptions): Promise<void>;
  attach(link: Link): void;
  detach(link: Link): void;
  /** Sends what has been waiting, in order. */
  resume(): Promise<void>;
  isAttached(): boolean;
  /** Takes no more messages, and lets go of those that wait. */
  stop(): void;
  figures(): PublisherFigures;
}

/** Brings messages to the link that is open, and keeps them, bounded, while there is none. */
export const createPublisher = (bounds: PublisherBounds, warn: (message: string) => void): Publisher => {
  let link: Link | undefined;
  let isStopped = false;
  let isDraining = false;
  const queue: Waiting[] = [];
  let queuedBytes = 0;
  const counts = { delivered: 0, dropped: 0, refused: 0 };

  const enqueue = (waiting: Waiting): PublishOutcome => {
    queue.push(waiting);
    queuedBytes += waiting.bytes;
    while (queue.length > bounds.messages || queuedBytes > bounds.bytes) {
      queuedBytes -= queue.shift()?.bytes ?? 0;
      counts.dropped += 1;
      if (counts.dropped === 1) warn('The queue of unsent messages is full: the oldest are dropped from now on.');
    }
    return 'queued';
  };

  const refuse = (topic: string, reason: string): PublishOutcome => {
    counts.refused += 1;
    warn(`A message for ${topic} was refused: ${reason}`);
    return 'refused';
  };

  const deliver = async (message: Waiting, current: Link): Promise<PublishOutcome> => {
    try {
      await current.publish(message.topic, message.payload, message.options);
      counts.delivered += 1;
      return 'delivered';
    } catch (thrown) {
      if (thrown instanceof BrokerError && thrown.code === 'refused') return refuse(message.topic, thrown.message);
      if (isStopped) return 'dropped';
      return enqueue(message);
    }
  };

  const drain = async () => {
    while (link && queue.length > 0) {
      const message = queue[0] as Waiting;
      const current = link;
      try {
        await current.publish(message.topic, message.payload, message.options);
        counts.delivered += 1;
      } catch (thrown) {
        if (!(thrown instanceof BrokerError && thrown.code === 'refused')) return;
        refuse(message.topic, thrown.message);
      }
      if (queue[0] === message) {
        queue.shift();
        queuedBytes -= message.bytes;
      }
    }
  };

  return {
    publish: async (topic, payload, options) => {
      if (isStopped) return 'dropped';
      const bytes = bytesOf(payload, bounds.payloadBytes);
      if (bytes > bounds.payloadBytes) {
        return refuse(topic, `its ${bytes} bytes pass the limit of ${bounds.payloadBytes}. Send less at once.`);
      }
      const message = { topic, payload, options, bytes };
      return link && queue.length === 0 ? deliver(message, link) : enqueue(message);
    },
    send: async (topic, payload, options) => {
      if (!link) throw new BrokerError('closed', `Nothing can be sent to ${topic}: the link is down. Try again later.`);
      await link.publish(topic, payload, options);
      counts.delivered += 1;
    },
    attach: (opened) => {
      link = opened;
    },
    detach: (closed) => {
      if (link === closed) link = undefined;
    },
    resume: async () => {
      if (isDraining) return;
      isDraining = true;
      try {
        await drain();
      } catch (thrown) {
        warn(`Unsent messages could not be sent: ${failureOf(thrown).message}`);
      } finally {
        isDraining = false;
      }
    },
    isAttached: () => link !== undefined,
    stop: () => {
      isStopped = true;
      counts.dropped += queue.length;
      queue.length = 0;
      queuedBytes = 0;
    },
    figures: () => ({ ...counts, queued: queue.length }),
  };
};

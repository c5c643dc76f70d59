import type { Link, PublishOptions } from '../../services/broker.ts';
import { BrokerError } from '../../services/errors.ts';

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

/** Messages that wait, in order; the oldest go when there are too many. */
const createQueue = (bounds: PublisherBounds, onFirstDrop: () => void) => {
  const waiting: Waiting[] = [];
  let bytes = 0;
  let dropped = 0;
  const dropOldest = () => {
    bytes -= waiting.shift()?.bytes ?? 0;
    dropped += 1;
    if (dropped === 1) onFirstDrop();
  };
  return {
    add: (message: Waiting) => {
      waiting.push(message);
      bytes += message.bytes;
      while (waiting.length > bounds.messages || bytes > bounds.bytes) dropOldest();
    },
    first: (): Waiting | undefined => waiting[0],
    /** Takes a message off, unless it was dropped meanwhile. */
    remove: (message: Waiting) => {
      if (waiting[0] !== message) return;
      waiting.shift();
      bytes -= message.bytes;
    },
    clear: () => {
      dropped += waiting.length;
      waiting.length = 0;
      bytes = 0;
    },
    figures: () => ({ queued: waiting.length, dropped }),
  };
};

const isRefusal = (thrown: unknown): thrown is BrokerError =>
  thrown instanceof BrokerError && thrown.code === 'refused';

const linkDown = (topic: string) =>
  new BrokerError('closed', `Nothing can be sent to ${topic}: the link is down. Try again later.`);

/** Puts messages on a link and counts what becomes of them. */
const createDelivery = (warn: (message: string) => void) => {
  const counts = { delivered: 0, refused: 0 };
  const refuse = (topic: string, reason: string): PublishOutcome => {
    counts.refused += 1;
    warn(`A message for ${topic} was refused: ${reason}`);
    return 'refused';
  };
  const send = async (link: Link, topic: string, payload: Payload, options: PublishOptions | undefined) => {
    await link.publish(topic, payload, options);
    counts.delivered += 1;
  };
  return {
    counts,
    refuse,
    send,
    /** @returns `undefined` when the link broke under the message. */
    attempt: async (link: Link, { topic, payload, options }: Waiting): Promise<PublishOutcome | undefined> => {
      try {
        await send(link, topic, payload, options);
        return 'delivered';
      } catch (thrown) {
        return isRefusal(thrown) ? refuse(topic, thrown.message) : undefined;
      }
    },
  };
};

/** Brings messages to the link that is open, and keeps them, bounded, while there is none. */
export const createPublisher = (bounds: PublisherBounds, warn: (message: string) => void): Publisher => {
  const open: { link: Link | undefined } = { link: undefined };
  let isStopped = false;
  let isDraining = false;
  const delivery = createDelivery(warn);
  const queue = createQueue(bounds, () =>
    warn('The queue of unsent messages is full: the oldest are dropped from now on.'),
  );

  const keep = (message: Waiting): PublishOutcome => {
    if (isStopped) return 'dropped';
    queue.add(message);
    return 'queued';
  };

  const drain = async () => {
    for (let message = queue.first(); open.link && message; message = queue.first()) {
      if (!(await delivery.attempt(open.link, message))) return;
      queue.remove(message);
    }
  };

  return {
    publish: async (topic, payload, options) => {
      if (isStopped) return 'dropped';
      const bytes = bytesOf(payload, bounds.payloadBytes);
      if (bytes > bounds.payloadBytes) {
        const reason = `its ${bytes} bytes pass the limit of ${bounds.payloadBytes}. Send less at once.`;
        return delivery.refuse(topic, reason);
      }
      const message = { topic, payload, options, bytes };
      if (!open.link || queue.first()) return keep(message);
      return (await delivery.attempt(open.link, message)) ?? keep(message);
    },
    send: async (topic, payload, options) => {
      if (!open.link) throw linkDown(topic);
      await delivery.send(open.link, topic, payload, options);
    },
    attach: (opened) => {
      open.link = opened;
    },
    detach: (closed) => {
      if (open.link === closed) open.link = undefined;
    },
    resume: async () => {
      if (isDraining) return;
      isDraining = true;
      await drain();
      isDraining = false;
    },
    isAttached: () => open.link !== undefined,
    stop: () => {
      isStopped = true;
      queue.clear();
    },
    figures: () => ({ ...delivery.counts, ...queue.figures() }),
  };
};

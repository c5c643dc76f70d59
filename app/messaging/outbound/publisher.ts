import type { Link, PublishOptions, Qos } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import { BrokerError } from '../../../services/errors.ts';
import type { OutboxMetrics } from '../../../services/metrics.ts';
import type { Outbox } from '../../../services/outbox.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import { watchAcknowledgements } from './ack-watchdog.ts';
import { createComplaints } from '../complaints.ts';
import { boundsOf, type OutboxBounds, type OutboxOptions } from './options.ts';
import type { Message, OutboxQueue } from './queue.ts';
import { createOutbox, type PlaneOutbox } from './outbox.ts';
import { packetBytes, topicFault } from './packet-size.ts';
import { delivered, deliveredAtOnce, dropped, queued, refused, type PublishResult } from './result.ts';
import { createRateLimiter } from './rate-limiter.ts';
import { createReplay, type Replay } from './replay.ts';
import { createSuspects, type Suspects } from './poison-messages.ts';

export type Payload = Uint8Array | string;

export interface MessageOptions extends PublishOptions {
  /**
   * When to tell the result: as soon as the message is `accepted` (delivered, or queued, and then it may still expire or be
   * dropped for want of room), or once it has `settled`, which is never `queued` unless the client stops before.
   *
   * @defaultValue `'accepted'`
   */
  readonly until?: 'accepted' | 'settled';
}

export interface PublisherParts {
  /** Where what waits outlives the program; `undefined` when it need not. */
  readonly store: Outbox | undefined;
  readonly clock: Clock;
  readonly options: OutboxOptions;
  /** Unix milliseconds; `undefined` while no time is trusted. */
  readonly epochMs: () => number | undefined;
  readonly warn: (message: string) => void;
}

export interface Publisher {
  /** Sends a message now, or keeps it for later. Always resolves. */
  publish(topic: string, payload: Payload, options?: MessageOptions): Promise<PublishResult>;
  /** Sends a message now or not at all. @throws {BrokerError} */
  send(topic: string, payload: Payload, options?: PublishOptions): Promise<void>;
  /** Takes over which topics the keys of the policies stand for. */
  route(schema: UnitSchema): void;
  /** From now on the program is the unit of this UUID: what waits of another is put aside, and not sent. */
  claim(unit: string): void;
  /** Takes over what earlier runs of the program left. Never rejects. */
  open(): Promise<void>;
  /** Leaves what waits to another program, until it is opened again. @param withinMs @defaultValue 5_000 */
  release(withinMs?: number): Promise<void>;
  attach(link: Link): void;
  detach(link: Link): void;
  isAttached(): boolean;
  /** Bytes of the largest payload that fits into a packet on this topic, as the options and the broker have it. */
  roomOn(topic: string): number;
  /**
   * Takes no more messages, at once; what waits stays in the outbox for the next start.
   *
   * @param withinMs How long a disk may hold that up. @defaultValue 5_000
   */
  stop(withinMs?: number): Promise<void>;
  metrics(): OutboxMetrics;
}

/** What the link may have and not have acknowledged; more waits in the outbox. */
const mostSending = { messages: 1_024, bytes: 1024 * 1024 };

/** How long a disk may take to let the outbox go, milliseconds. */
const leaveWithinMs = 5_000;

const stopped = dropped('The client was stopped.');

const linkDown = (topic: string) =>
  new BrokerError('closed', `Nothing can be sent to ${topic}: the link is down. Try again later.`);

const isRefusal = (thrown: unknown): thrown is BrokerError =>
  thrown instanceof BrokerError && thrown.code === 'refused';

/** Why a message can't go, whatever the link. */
const faultOf = (topic: string, bytes: number, most: number): string | undefined =>
  bytes > most ? `its ${bytes} bytes pass the limit of ${most}. Send less at once.` : topicFault(topic);

/** What a publisher hands in. */
interface Letter {
  readonly topic: string;
  readonly payload: Payload;
  readonly options: MessageOptions | undefined;
  readonly bytes: number;
}

/** The end of a message, where its publisher wants to be told of that. */
/** Bytes of the largest payload that a packet has room for. */
const roomOn = (topic: string, most: number): number => most - packetBytes(topic, '', most);

const settlementOf = (message: Message, options: MessageOptions | undefined): Promise<PublishResult> | undefined =>
  options?.until === 'settled'
    ? new Promise((resolve) => {
        message.settle = resolve;
      })
    : undefined;

interface SenderParts {
  readonly outbox: PlaneOutbox;
  readonly replay: Replay;
  readonly suspects: Suspects;
  readonly clock: Clock;
  readonly onSent: () => void;
  readonly complain: (topic: string, reason: string) => void;
}

/** Numbers the messages, and brings them into the queue. */
const createEntrance = (queue: OutboxQueue, clock: Clock) => {
  let order = 0;
  return ({ topic, payload, options, bytes }: Letter, state: Message['state']): Message => {
    const message: Message = {
      order: ++order,
      lane: queue.laneOf(topic),
      payload,
      qos: options?.qos ?? 0,
      retain: options?.retain ?? false,
      bytes,
      bornMs: clock.monotonic(),
      state,
      isStored: false,
      isQueued: false,
      unit: undefined,
      settle: undefined,
    };
    queue.add(message);
    return message;
  };
};

/** Puts a message on the link or into the outbox, and follows what becomes of it. */
const createSender = ({ outbox, replay, suspects, clock, onSent, complain }: SenderParts) => {
  const enter = createEntrance(outbox.queue, clock);
  const keep = async (message: Message): Promise<PublishResult> => {
    const result = await outbox.keep(message);
    replay.wake();
    return result;
  };
  const fail = (link: Link, message: Message, thrown: unknown): PublishResult | Promise<PublishResult> => {
    if (message.state !== 'sending') return message.isStored ? queued : stopped;
    if (!isRefusal(thrown)) {
      suspects.doubt(link, message, thrown);
      return keep(message);
    }
    complain(message.lane.topic, thrown.message);
    return outbox.end(message, refused(thrown.message, thrown.reasonCode));
  };
  return {
    sendNow: (link: Link, letter: Letter) => {
      const { topic, payload, options } = letter;
      if (!options?.qos && link.publishNow(topic, payload, options?.retain === true)) {
        outbox.count(delivered);
        return deliveredAtOnce;
      }
      const message = enter(letter, 'sending');
      if (message.qos > 0) {
        message.lane.unsecured += 1;
        onSent();
      }
      const settlement = settlementOf(message, options);
      const accepted = link.publish(topic, payload, options).then(
        () => {
          suspects.acknowledged(message);
          return outbox.end(message, delivered);
        },
        (thrown: unknown) => fail(link, message, thrown),
      );
      return settlement ?? accepted;
    },
    keepNow: (letter: Letter) => {
      const message = enter(letter, 'waiting');
      const settlement = settlementOf(message, letter.options);
      const accepted = keep(message);
      return settlement ?? accepted;
    },
  };
};

/** The parts of a publisher, wired to each other. */
const assemble = ({ store, clock, options, epochMs, warn }: PublisherParts, bounds: OutboxBounds) => {
  const { policies } = options;
  const outbox = createOutbox({ store, clock, bounds, policies, epochMs, warn, onReady: () => replay.wake() });
  const limiter = createRateLimiter(options.rate, clock);
  const suspects = createSuspects(clock);
  const complain = createComplaints(clock, warn);
  const replay: Replay = createReplay({ outbox, limiter, suspects, clock, complain });
  const watch = watchAcknowledgements(outbox, clock, bounds.unacknowledgedMs);
  const sender = createSender({ outbox, replay, suspects, clock, onSent: watch.start, complain });
  return { outbox, queue: outbox.queue, limiter, replay, suspects, watch, complain, sender };
};

/**
 * Brings messages to the link that is open, past the outbox as long as nothing of their topic waits there, and into
 * the outbox otherwise.
 */
export const createPublisher = (parts: PublisherParts): Publisher => {
  const bounds = boundsOf(parts.options);
  const { outbox, queue, limiter, replay, suspects, watch, complain, sender } = assemble(parts, bounds);
  let open: Link | undefined;
  let isStopped = false;

  const tell = (result: PublishResult): Promise<PublishResult> => {
    outbox.count(result);
    return Promise.resolve(result);
  };
  const canSend = (topic: string, bytes: number, qos: Qos): boolean =>
    outbox.isReady() &&
    !(queue.isBusy(topic) || (qos > 0 && suspects.isCautious())) &&
    queue.sending.messages < mostSending.messages &&
    queue.sending.bytes < mostSending.bytes &&
    limiter.take(bytes, queue.policyOf(topic).yields);

  return {
    publish: (topic, payload, options) => {
      if (isStopped) return tell(stopped);
      const bytes = packetBytes(topic, payload, bounds.packetBytes);
      const fault = faultOf(topic, bytes, bounds.packetBytes);
      if (fault !== undefined) {
        complain(topic, fault);
        return tell(refused(fault));
      }
      const letter = { topic, payload, options, bytes };
      return open && canSend(topic, bytes, options?.qos ?? 0) ? sender.sendNow(open, letter) : sender.keepNow(letter);
    },
    send: async (topic, payload, options) => {
      if (!open) throw linkDown(topic);
      limiter.charge(packetBytes(topic, payload, bounds.packetBytes));
      await open.publish(topic, payload, options);
      outbox.count(delivered);
    },
    route: outbox.route,
    claim: outbox.claim,
    open: async () => (isStopped ? undefined : outbox.open()),
    release: (withinMs = leaveWithinMs) => outbox.release(withinMs),
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
    roomOn: (topic) => roomOn(topic, Math.min(bounds.packetBytes, open?.maximumPacketSize ?? Infinity)),
    stop: async (withinMs = leaveWithinMs) => {
      isStopped = true;
      open = undefined;
      replay.stop();
      watch.stop();
      await outbox.close(withinMs);
    },
    metrics: outbox.metrics,
  };
};

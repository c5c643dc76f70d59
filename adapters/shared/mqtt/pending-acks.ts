import type { BrokerError } from '../../../services/errors.ts';
import { createTurn, type Turn } from './allowance.ts';

/** A pending acknowledgement. */
export interface PendingAck {
  /** Description of the acknowledgement for the timeout's message. */
  readonly what: string;
  /** Size of what is to be acknowledged, and of the messages of QoS 0 between it and the one before. */
  bytes: number;
  /** Its place in the order of all. */
  place: number;
  resolve(): void;
  reject(error: BrokerError): void;
  /** Whether it is still pending. */
  isOpen: boolean;
  /** The one expected after it. */
  next: PendingAck | undefined;
}

/** Pending acknowledgements of a broker; each settles once. */
export interface PendingAcks {
  /**
   * Waits for one acknowledgement, behind all others.
   *
   * @param what Description for the timeout's message.
   * @param bytes Size of what is to be acknowledged; 0 if it is small.
   */
  expect(what: string, bytes: number, resolve: () => void, reject: (error: BrokerError) => void): PendingAck;
  /** Waits for one that was made elsewhere, behind all others. @param bytes Size of what is to be acknowledged. */
  follow(ack: PendingAck, bytes: number): PendingAck;
  /** Settles one on success, or fails it with `error`; only the first call counts. */
  settle(ack: PendingAck, error?: BrokerError): void;
  /** Messages of QoS 0 of so many bytes were written: they prolong the time of what comes after them. */
  passing(bytes: number): void;
  /** Whether the line may need long for messages of QoS 0 that nothing was expected after. */
  isLongUntimed(): boolean;
  /** Bytes came, or the socket has taken what waited: the time of the oldest starts again. */
  moved(): void;
  /** @returns To be called once the broker has answered something that is sent now: it has had all that was before. */
  here(): () => void;
  /** Whether the line may need long for the oldest, so that no other answer can come before. */
  isCarrying(): boolean;
  /** Fails all that are still pending. */
  failAll(error: BrokerError): void;
}

/** What is told of one that takes longer than usual. */
export interface PatienceListener {
  /** Gets the description of an overdue one and the time it had; fails nothing by itself. */
  readonly onOverdue: (what: string, allowedMs: number) => void;
  /** Called each `timeoutMs` while one takes longer than that, and may. */
  readonly onSlow: () => void;
}

/** Takes one out, so that it keeps none alive that came after it. @returns The one after it. */
const cutOff = (ack: PendingAck): PendingAck | undefined => {
  const { next } = ack;
  ack.next = undefined;
  return next;
};

/** The one timer, for the oldest. */
const createDeadline = (
  timeoutMs: number,
  turn: Turn,
  oldest: () => PendingAck | undefined,
  { onOverdue, onSlow }: PatienceListener,
) => {
  let dueMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = ({ bytes }: PendingAck) => {
    clearTimeout(timer);
    dueMs = turn.dueMs(bytes);
    const lookMs = Math.min(dueMs, performance.now() + timeoutMs);
    const look = () => {
      timer = undefined;
      const ack = oldest();
      if (!ack) return;
      // A timer this late means that this program was suspended and has not read the arrived data yet.
      if (performance.now() - lookMs > timeoutMs / 4) turn.restart();
      if (performance.now() >= turn.dueMs(ack.bytes)) return onOverdue(ack.what, turn.allowedMs(ack.bytes));
      if (turn.tookMs() >= timeoutMs) onSlow();
      start(ack);
    };
    timer = setTimeout(look, lookMs - performance.now());
  };
  return {
    /** Begins to watch, unless it does. */
    watch: (ack: PendingAck) => {
      if (timer === undefined) start(ack);
    },
    /** Watches another one, which may be due earlier. */
    hasten: (ack: PendingAck) => {
      if (turn.dueMs(ack.bytes) < dueMs) start(ack);
    },
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
};

/**
 * Times the oldest acknowledgement, with one timer for all.
 *
 * Brokers acknowledge in order (MQTT section 4.6), so the time of each starts when all before it have arrived: a slow
 * but alive broker may have many pending, and a single skipped acknowledgement is still detected.
 *
 * Node can't tell when bytes have left, so that time is `timeoutMs` and what the line may need for the bytes of this
 * one, and of messages of QoS 0 right before it, at the slowest rate that the link has shown. It does not count those
 * behind it: with a frozen broker these only grow, and a small message would be as patient as a large one. Whatever
 * arrives starts that time again, since an answer may have to wait behind it; but no longer once the broker has answered
 * something that was sent later, or a broker that sends much could skip an acknowledgement unnoticed.
 */
export const createPendingAcks = (timeoutMs: number, listener: PatienceListener): PendingAcks => {
  /** A linked list: the oldest one is always open, later ones may have settled before it. */
  let oldest: PendingAck | undefined;
  let newest: PendingAck | undefined;
  let places = 0;
  const turn = createTurn(timeoutMs);
  const deadline = createDeadline(timeoutMs, turn, () => oldest, listener);
  const follow = (ack: PendingAck, bytes: number): PendingAck => {
    places += 1;
    ack.bytes = turn.take() + bytes;
    ack.place = places;
    ack.isOpen = true;
    if (newest) newest.next = ack;
    newest = ack;
    if (!oldest) {
      oldest = ack;
      turn.begin();
    }
    deadline.watch(oldest);
    return ack;
  };
  const settle = (ack: PendingAck, error?: BrokerError) => {
    if (!ack.isOpen) return;
    ack.isOpen = false;
    if (ack === oldest) {
      if (!error) turn.learn(ack.bytes);
      turn.begin();
    } else turn.conclude();
    while (oldest && !oldest.isOpen) oldest = cutOff(oldest);
    if (oldest) deadline.hasten(oldest);
    else newest = undefined;
    if (error) ack.reject(error);
    else ack.resolve();
  };
  return {
    expect: (what, bytes, resolve, reject) =>
      follow({ what, bytes, place: 0, resolve, reject, isOpen: true, next: undefined }, bytes),
    follow,
    settle,
    passing: turn.add,
    isLongUntimed: () => turn.isLong(turn.left()),
    moved: turn.prolong,
    here: () => {
      const before = places;
      return () => {
        if (!oldest || oldest.place > before) return;
        turn.conclude();
        deadline.hasten(oldest);
      };
    },
    isCarrying: () => oldest !== undefined && turn.allowedMs(oldest.bytes) > timeoutMs,
    failAll: (error) => {
      for (let ack = oldest; ack; ack = oldest) settle(ack, error);
      deadline.stop();
    },
  };
};

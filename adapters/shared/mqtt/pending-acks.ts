import type { BrokerError } from '../../../services/errors.ts';
import { createTurn } from './allowance.ts';

/** A pending acknowledgement. */
export interface PendingAck {
  /** Description of the acknowledgement for the timeout's message. */
  readonly what: string;
  /** Size of what is to be acknowledged. */
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: BrokerError) => void;
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
  /** Settles one on success, or fails it with `error`; only the first call counts. */
  settle(ack: PendingAck, error?: BrokerError): void;
  /** The socket has taken what waited: the time of the oldest starts again. */
  drained(): void;
  /** Whether the line may need long for the oldest, so that no other answer can come before. */
  isCarrying(): boolean;
  /** Fails all that are still pending. */
  failAll(error: BrokerError): void;
}

/**
 * Times the oldest acknowledgement, with one timer for all.
 *
 * Brokers acknowledge in order (MQTT section 4.6), so the time of each starts when all before it have arrived: a slow
 * but live broker may have many pending, and a single skipped acknowledgement is still detected.
 *
 * Node can't tell when bytes have left, so that time is `timeoutMs` and what the line may need for the bytes of this
 * one, at the slowest rate that the link has shown. It counts neither those behind it nor messages of QoS 0: with a
 * frozen broker these only grow, and a small message would be as patient as a large one. What else arrives does not
 * prolong it, or a broker that sends much could skip an acknowledgement unnoticed.
 *
 * @param onOverdue Called with the description of one that took longer, and its time; fails nothing by itself.
 */
export const createPendingAcks = (
  timeoutMs: number,
  onOverdue: (what: string, allowedMs: number) => void,
): PendingAcks => {
  /** A linked list: the oldest one is always open, later ones may have settled before it. */
  let oldest: PendingAck | undefined;
  let newest: PendingAck | undefined;
  const turn = createTurn(timeoutMs);
  let dueMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = ({ bytes }: PendingAck) => {
    dueMs = turn.dueMs(bytes);
    timer = setTimeout(() => {
      timer = undefined;
      if (!oldest) return;
      // A timer this late means that this program was suspended and has not read the arrived data yet.
      if (performance.now() - dueMs > timeoutMs / 4) turn.prolong();
      if (performance.now() >= turn.dueMs(oldest.bytes)) onOverdue(oldest.what, turn.allowedMs(oldest.bytes));
      else start(oldest);
    }, dueMs - performance.now());
  };
  const settle = (ack: PendingAck, error?: BrokerError) => {
    if (!ack.isOpen) return;
    ack.isOpen = false;
    if (ack === oldest) {
      if (!error) turn.learn(ack.bytes);
      turn.begin();
    }
    while (oldest && !oldest.isOpen) oldest = oldest.next;
    if (!oldest) {
      newest = undefined;
      clearTimeout(timer);
      timer = undefined;
    } else if (turn.dueMs(oldest.bytes) < dueMs) {
      clearTimeout(timer);
      start(oldest);
    }
    if (error) ack.reject(error);
    else ack.resolve();
  };
  return {
    expect: (what, bytes, resolve, reject) => {
      const ack: PendingAck = { what, bytes, resolve, reject, isOpen: true, next: undefined };
      if (newest) newest.next = ack;
      newest = ack;
      if (!oldest) {
        oldest = ack;
        turn.begin();
      }
      if (timer === undefined) start(oldest);
      return ack;
    },
    settle,
    drained: turn.prolong,
    isCarrying: () => oldest !== undefined && turn.isLong(oldest.bytes),
    failAll: (error) => {
      for (let ack = oldest; ack; ack = oldest) settle(ack, error);
    },
  };
};

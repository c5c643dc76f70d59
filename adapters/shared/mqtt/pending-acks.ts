import type { BrokerError } from '../../../services/errors.ts';

/** A pending acknowledgement. */
export interface PendingAck {
  /** Description of the acknowledgement for the timeout's message. */
  readonly what: string;
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
   */
  expect(what: string, resolve: () => void, reject: (error: BrokerError) => void): PendingAck;
  /** Settles one on success, or fails it with `error`; only the first call counts. */
  settle(ack: PendingAck, error?: BrokerError): void;
  /** Fails all that are still pending. */
  failAll(error: BrokerError): void;
}

/**
 * Times the oldest acknowledgement, with one timer for all.
 *
 * Brokers acknowledge in order (MQTT section 4.6), so the time of each starts when all before it have arrived: a slow
 * but live broker may have many pending, and a single skipped acknowledgement is still detected.
 *
 * @param onOverdue Called with the description of one that took longer than `timeoutMs`; fails nothing by itself.
 */
export const createPendingAcks = (timeoutMs: number, onOverdue: (what: string) => void): PendingAcks => {
  /** A linked list: the oldest one is always open, later ones may have settled before it. */
  let oldest: PendingAck | undefined;
  let newest: PendingAck | undefined;
  let sinceMs = 0;
  let dueMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const start = () => {
    dueMs = sinceMs + timeoutMs;
    timer = setTimeout(() => {
      timer = undefined;
      const now = performance.now();
      // A timer this late means that this program was suspended and has not read the arrived data yet.
      if (now - dueMs > timeoutMs / 4) sinceMs = now;
      if (oldest && now - sinceMs >= timeoutMs) onOverdue(oldest.what);
      else start();
    }, dueMs - performance.now());
  };
  const settle = (ack: PendingAck, error?: BrokerError) => {
    if (!ack.isOpen) return;
    ack.isOpen = false;
    if (ack === oldest) sinceMs = performance.now();
    while (oldest && !oldest.isOpen) oldest = oldest.next;
    if (!oldest) {
      newest = undefined;
      clearTimeout(timer);
      timer = undefined;
    }
    if (error) ack.reject(error);
    else ack.resolve();
  };
  return {
    expect: (what, resolve, reject) => {
      const ack: PendingAck = { what, resolve, reject, isOpen: true, next: undefined };
      if (newest) newest.next = ack;
      newest = ack;
      if (!oldest) {
        oldest = ack;
        sinceMs = performance.now();
      }
      if (timer === undefined) start();
      return ack;
    },
    settle,
    failAll: (error) => {
      for (let ack = oldest; ack; ack = oldest) settle(ack, error);
    },
  };
};

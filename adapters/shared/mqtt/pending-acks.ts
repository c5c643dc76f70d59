import type { BrokerError } from '../../../services/errors.ts';
import { createFifo } from '../fifo.ts';

/** A pending acknowledgement. */
export interface PendingAck {
  /** Description of the acknowledgement for the timeout's message. */
  readonly what: string;
  readonly resolve: () => void;
  readonly reject: (error: BrokerError) => void;
  /** Whether it is still pending. */
  isOpen: boolean;
}

/** Pending acknowledgements of a broker; each settles once. */
export interface PendingAcks {
  /**
   * Waits for one acknowledgement.
   *
   * @param what Description for the timeout's message.
   * @param send Sends the packet to acknowledge.
   */
  expect(what: string, send: (ack: PendingAck) => void): Promise<void>;
  /** Settles one on success, or fails it with `error`; only the first call counts. */
  settle(ack: PendingAck, error?: BrokerError): void;
  /** Fails all that are still pending. */
  failAll(error: BrokerError): void;
}

const any = () => true;

/**
 * Times the oldest acknowledgement, with one timer for all.
 *
 * Brokers acknowledge in order (MQTT section 4.6), so the time of each starts when all before it have arrived: a slow
 * but live broker may have many pending, and a single skipped acknowledgement is still detected.
 *
 * @param onOverdue Called with the description of one that took longer than `timeoutMs`; fails nothing by itself.
 */
export const createPendingAcks = (timeoutMs: number, onOverdue: (what: string) => void): PendingAcks => {
  const acks = createFifo<PendingAck>(({ isOpen }) => !isOpen);
  let sinceMs = 0;
  let dueMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    timer = undefined;
    const now = performance.now();
    // A timer this late means that this program was suspended and has not read the arrived data yet.
    if (now - dueMs > timeoutMs / 4) sinceMs = now;
    const oldest = acks.find(any);
    if (oldest && now - sinceMs >= timeoutMs) onOverdue(oldest.what);
    else start();
  };
  const start = () => {
    dueMs = sinceMs + timeoutMs;
    timer = setTimeout(check, dueMs - performance.now());
  };
  const settle = (ack: PendingAck, error?: BrokerError) => {
    if (!ack.isOpen) return;
    if (ack === acks.find(any)) sinceMs = performance.now();
    ack.isOpen = false;
    acks.lost();
    if (acks.size === 0) {
      clearTimeout(timer);
      timer = undefined;
    }
    if (error) ack.reject(error);
    else ack.resolve();
  };
  return {
    expect: (what, send) =>
      new Promise((resolve, reject) => {
        const ack = { what, resolve, reject, isOpen: true };
        if (acks.size === 0) sinceMs = performance.now();
        acks.push(ack);
        if (timer === undefined) start();
        send(ack);
      }),
    settle,
    failAll: (error) => {
      for (const ack of acks.items()) settle(ack, error);
    },
  };
};

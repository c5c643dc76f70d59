import type { BrokerError } from '../../../services/errors.ts';
import { createFifo } from '../fifo.ts';

/** An acknowledgement that the broker owes. */
export interface PendingAck {
  /** What did not happen if it never comes, for the error's message. */
  readonly what: string;
  readonly resolve: () => void;
  readonly reject: (error: BrokerError) => void;
  /** Whether it is still waited for. */
  isOpen: boolean;
}

/** The acknowledgements that a broker owes; each settles once. */
export interface PendingAcks {
  /**
   * Waits for one acknowledgement.
   *
   * @param what Says that it did not come.
   * @param send Sends the packet to acknowledge.
   */
  expect(what: string, send: (ack: PendingAck) => void): Promise<void>;
  /** An acknowledgement came, or failed with `error`; only the first call counts. */
  settle(ack: PendingAck, error?: BrokerError): void;
  /** Fails whatever is still waited for. */
  failAll(error: BrokerError): void;
}

const any = () => true;

/**
 * Times the oldest acknowledgement, with one timer for all.
 *
 * Brokers acknowledge in order (MQTT section 4.6), so the time for each starts when all before it have come: a broker
 * that is slow but alive may owe many, and one that leaves out a single acknowledgement is found out.
 *
 * @param onOverdue Called with what did not come within `timeoutMs`; fails nothing by itself.
 */
export const createPendingAcks = (timeoutMs: number, onOverdue: (what: string) => void): PendingAcks => {
  const acks = createFifo<PendingAck>(({ isOpen }) => !isOpen);
  let sinceMs = 0;
  let dueMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    timer = undefined;
    const now = performance.now();
    // A timer this late means that this program stood still and hasn't read yet what came meanwhile.
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

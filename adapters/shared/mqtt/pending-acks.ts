import type { BrokerError } from '../../../services/errors.ts';
import { Turn } from './allowance.ts';

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
class Deadline {
  readonly #timeoutMs: number;
  readonly #turn: Turn;
  readonly #oldest: () => PendingAck | undefined;
  readonly #listener: PatienceListener;
  readonly #look = () => this.#onLook();
  #dueMs = 0;
  #lookMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(timeoutMs: number, turn: Turn, oldest: () => PendingAck | undefined, listener: PatienceListener) {
    this.#timeoutMs = timeoutMs;
    this.#turn = turn;
    this.#oldest = oldest;
    this.#listener = listener;
  }

  /** Begins to watch, unless it does. */
  watch(ack: PendingAck): void {
    if (this.#timer === undefined) this.#start(ack);
  }

  /** Watches another one, which may be due earlier. */
  hasten(ack: PendingAck): void {
    if (this.#turn.dueMs(ack.bytes) < this.#dueMs) this.#start(ack);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #start({ bytes }: PendingAck): void {
    clearTimeout(this.#timer);
    const nowMs = performance.now();
    this.#dueMs = this.#turn.dueMs(bytes);
    this.#lookMs = Math.min(this.#dueMs, nowMs + this.#timeoutMs);
    this.#timer = setTimeout(this.#look, this.#lookMs - nowMs);
  }

  #onLook(): void {
    this.#timer = undefined;
    const ack = this.#oldest();
    if (!ack) return;
    const turn = this.#turn;
    // A timer this late means that this program was suspended and has not read the arrived data yet.
    if (performance.now() - this.#lookMs > this.#timeoutMs / 4) turn.restart();
    if (performance.now() >= turn.dueMs(ack.bytes)) {
      this.#listener.onOverdue(ack.what, turn.allowedMs(ack.bytes));
      return;
    }
    if (turn.tookMs() >= this.#timeoutMs) this.#listener.onSlow();
    this.#start(ack);
  }
}

/**
 * Pending acknowledgements of a broker; each settles once. Times the oldest, with one timer for all.
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
export class PendingAcks {
  /** A linked list: the oldest one is always open, later ones may have settled before it. */
  #oldest: PendingAck | undefined;
  #newest: PendingAck | undefined;
  #places = 0;
  readonly #timeoutMs: number;
  readonly #turn: Turn;
  readonly #deadline: Deadline;

  constructor(timeoutMs: number, listener: PatienceListener) {
    this.#timeoutMs = timeoutMs;
    this.#turn = new Turn(timeoutMs);
    this.#deadline = new Deadline(timeoutMs, this.#turn, () => this.#oldest, listener);
  }

  /**
   * Waits for one acknowledgement, behind all others.
   *
   * @param what Description for the timeout's message.
   * @param bytes Size of what is to be acknowledged; 0 if it is small.
   */
  expect(what: string, bytes: number, resolve: () => void, reject: (error: BrokerError) => void): PendingAck {
    return this.follow({ what, bytes, place: 0, resolve, reject, isOpen: true, next: undefined }, bytes);
  }

  /** Waits for one that was made elsewhere, behind all others. @param bytes Size of what is to be acknowledged. */
  follow(ack: PendingAck, bytes: number): PendingAck {
    this.#places += 1;
    ack.bytes = this.#turn.take() + bytes;
    ack.place = this.#places;
    ack.isOpen = true;
    if (this.#newest) this.#newest.next = ack;
    this.#newest = ack;
    if (!this.#oldest) {
      this.#oldest = ack;
      this.#turn.begin(0);
    }
    this.#deadline.watch(this.#oldest);
    return ack;
  }

  /** Settles one on success, or fails it with `error`; only the first call counts. */
  settle(ack: PendingAck, error?: BrokerError): void {
    if (!ack.isOpen) return;
    ack.isOpen = false;
    if (ack === this.#oldest) this.#turn.begin(error ? 0 : ack.bytes);
    else this.#turn.conclude();
    while (this.#oldest && !this.#oldest.isOpen) this.#oldest = cutOff(this.#oldest);
    if (this.#oldest) this.#deadline.hasten(this.#oldest);
    else this.#newest = undefined;
    if (error) ack.reject(error);
    else ack.resolve();
  }

  /** Messages of QoS 0 of so many bytes were written: they prolong the time of what comes after them. */
  passing(bytes: number): void {
    this.#turn.add(bytes);
  }

  /** Whether the line may need long for messages of QoS 0 that nothing was expected after. */
  isLongUntimed(): boolean {
    return this.#turn.isLong(this.#turn.left());
  }

  /** Bytes came, or the socket has taken what waited: the time of the oldest starts again. */
  moved(): void {
    this.#turn.prolong();
  }

  /** @returns To be called once the broker has answered something that is sent now: it has had all that was before. */
  here(): () => void {
    const before = this.#places;
    return () => {
      if (!this.#oldest || this.#oldest.place > before) return;
      this.#turn.conclude();
      this.#deadline.hasten(this.#oldest);
    };
  }

  /** Whether the line may need long for the oldest, so that no other answer can come before. */
  isCarrying(): boolean {
    return this.#oldest !== undefined && this.#turn.allowedMs(this.#oldest.bytes) > this.#timeoutMs;
  }

  /** Fails all that are still pending. */
  failAll(error: BrokerError): void {
    for (let ack = this.#oldest; ack; ack = this.#oldest) this.settle(ack, error);
    this.#deadline.stop();
  }
}

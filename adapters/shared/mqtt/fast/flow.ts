import type { MqttClient } from 'mqtt';

/**
 * Stops what comes of a stream, for as long as something else has to be done first.
 *
 * A browser's WebSocket can't pause, so data collects in memory.
 */
export class Flow {
  readonly #stream: MqttClient['stream'];
  readonly #read: () => void;
  #isHeld = false;
  #isPaused = false;

  /** @param read Reads what came, until it is held. */
  constructor(stream: MqttClient['stream'], read: () => void) {
    this.#stream = stream;
    this.#read = read;
  }

  /** Whether nothing may be read. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Holds for a moment, in which hardly anything comes. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Holds for a while: what comes stays in the socket, and so does its end. */
  pause(): void {
    this.#isHeld = true;
    this.keepOut();
  }

  /** Something came while nothing may be read. */
  keepOut(): void {
    if (!this.#isPaused) this.#stream.pause();
    this.#isPaused = true;
  }

  /** Reads what came before, and lets the stream go on. */
  goOn(): void {
    this.#isHeld = false;
    this.#read();
    // What was read may hold again.
    if (!this.isHeld) this.release();
  }

  /** Lets the stream run out. */
  release(): void {
    this.#isHeld = false;
    if (this.#isPaused) this.#stream.resume();
    this.#isPaused = false;
  }
}

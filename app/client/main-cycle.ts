import type { Clock } from '../../services/clock.ts';
import type { MainCycle } from '../../services/main-cycle.ts';
import { callGuarded, type OnFailure } from '../messaging/call-user.ts';

/** Options of the output handler. */
export interface OutputHandlerOptions {
  /** Whether the handler is called only while the unit is online. Messages published offline are queued. @defaultValue false */
  readonly onlineOnly?: boolean | undefined;
}

export interface CycleParts {
  readonly clock: Clock;
  readonly isOnline: () => boolean;
  readonly warn: OnFailure;
}

/** Calls the output handler in a cycle; skips a turn while the handler is still running. The unit machine says when. */
export class Cycle implements MainCycle {
  readonly #parts: CycleParts;
  #handler: (() => unknown) | undefined;
  #onlineOnly = false;
  #isCalled = false;
  #timer: unknown;
  #cycleMs = 20;

  constructor(parts: CycleParts) {
    this.#parts = parts;
  }

  setHandler(handler: (() => unknown) | undefined, options?: OutputHandlerOptions): void {
    this.#handler = handler;
    this.#onlineOnly = options?.onlineOnly ?? false;
  }

  /** Sets the time between two calls, milliseconds; a running cycle follows at once. @defaultValue 20 */
  setSpeed(cycleMs: number): void {
    this.#cycleMs = cycleMs;
    if (this.#timer === undefined) return;
    this.#end();
    this.#turn();
  }

  run(): () => void {
    this.#turn();
    return () => this.#end();
  }

  #turn(): void {
    this.#timer = this.#parts.clock.setTimeout(() => this.#turn(), this.#cycleMs);
    this.#call();
  }

  #call(): void {
    const { isOnline, warn } = this.#parts;
    if (!this.#handler || this.#isCalled || (this.#onlineOnly && !isOnline())) return;
    const running = callGuarded('output handler', this.#handler, [], warn);
    if (!running) return;
    this.#isCalled = true;
    void running.finally(() => {
      this.#isCalled = false;
    });
  }

  #end(): void {
    this.#parts.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

import type { Clock } from '../../services/clock.ts';
import { callGuarded, type OnFailure } from '../messaging/call-user.ts';

/** Options of the output handler. */
export interface OutputHandlerOptions {
  /** Whether the handler is called only while the unit is online. Messages published offline are queued. @defaultValue false */
  readonly onlineOnly?: boolean;
}

export interface CycleParts {
  readonly clock: Clock;
  /** Whether env.json and schema.json are loaded; the handler, which uses them, is not called before. */
  readonly isConfigured: () => boolean;
  readonly isOnline: () => boolean;
  readonly warn: OnFailure;
}

/** Calls the output handler in a cycle; skips a turn while the handler is still running. */
export interface Cycle {
  setHandler(handler: (() => unknown) | undefined, options?: OutputHandlerOptions): void;
  /** Sets the time between two calls, milliseconds; a running cycle follows at once. @defaultValue 20 */
  setSpeed(cycleMs: number): void;
  start(): void;
  stop(): void;
  /** Stops the calls until `resume()`. */
  pause(): void;
  /** Continues after a pause, unless the cycle was stopped meanwhile. */
  resume(): void;
}

export const createCycle = ({ clock, isConfigured, isOnline, warn }: CycleParts): Cycle => {
  let handler: (() => unknown) | undefined;
  let onlineOnly = false;
  let isRunning = false;
  let timer: unknown;
  let cycleMs = 20;
  let isStarted = false;

  const callHandler = () => {
    if (!handler || isRunning || !isConfigured() || (onlineOnly && !isOnline())) return;
    const running = callGuarded('output handler', handler, [], warn);
    if (!running) return;
    isRunning = true;
    void running.finally(() => {
      isRunning = false;
    });
  };

  const resume = () => {
    if (timer !== undefined || !isStarted) return;
    const turn = () => {
      timer = clock.setTimeout(turn, cycleMs);
      callHandler();
    };
    turn();
  };

  const pause = () => {
    clock.clearTimeout(timer);
    timer = undefined;
  };

  return {
    setHandler: (given, options) => {
      handler = given;
      onlineOnly = options?.onlineOnly ?? false;
    },
    setSpeed: (ms) => {
      cycleMs = ms;
      if (timer === undefined) return;
      pause();
      resume();
    },
    start: () => {
      isStarted = true;
      resume();
    },
    stop: () => {
      isStarted = false;
      pause();
    },
    pause,
    resume,
  };
};

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
  start(cycleMs: number): void;
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
  let cycleMs: number | undefined;

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
    if (timer !== undefined || cycleMs === undefined) return;
    const turn = () => {
      timer = clock.setTimeout(turn, cycleMs ?? 0);
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
    start: (ms) => {
      cycleMs = ms;
      resume();
    },
    stop: () => {
      cycleMs = undefined;
      pause();
    },
    pause,
    resume,
  };
};

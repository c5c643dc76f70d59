import type { Clock } from '../../services/clock.ts';
import { callGuarded, type OnFailure } from '../messaging/call-user.ts';

/** When the output handler is called: by default each cycle, online or not. */
export interface OutputHandlerOptions {
  /** Call the handler only while the unit is online. @defaultValue false: what it publishes meanwhile is queued */
  readonly onlineOnly?: boolean;
}

export interface CycleParts {
  readonly clock: Clock;
  /** Whether env.json and schema.json are in force: what a handler uses; none is called before. */
  readonly isConfigured: () => boolean;
  readonly isOnline: () => boolean;
  readonly warn: OnFailure;
}

/** Calls the output handler again and again, never while it is still at work. */
export interface Cycle {
  setHandler(handler: (() => unknown) | undefined, options?: OutputHandlerOptions): void;
  start(cycleMs: number): void;
  stop(): void;
  /** Calls nothing until it is resumed. */
  pause(): void;
  /** Goes on after a pause, unless it was stopped meanwhile. */
  resume(): void;
}

export const createCycle = ({ clock, isConfigured, isOnline, warn }: CycleParts): Cycle => {
  let handler: (() => unknown) | undefined;
  let onlineOnly = false;
  let isWorking = false;
  let timer: unknown;
  let cycleMs: number | undefined;

  const callHandler = () => {
    if (!handler || isWorking || !isConfigured() || (onlineOnly && !isOnline())) return;
    const working = callGuarded('output handler', handler, [], warn);
    if (!working) return;
    isWorking = true;
    void working.finally(() => {
      isWorking = false;
    });
  };

  const run = () => {
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
      run();
    },
    stop: () => {
      cycleMs = undefined;
      pause();
    },
    pause,
    resume: run,
  };
};

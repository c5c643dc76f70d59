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
export interface Cycle extends MainCycle {
  setHandler(handler: (() => unknown) | undefined, options?: OutputHandlerOptions): void;
  /** Sets the time between two calls, milliseconds; a running cycle follows at once. @defaultValue 20 */
  setSpeed(cycleMs: number): void;
}

export const createCycle = ({ clock, isOnline, warn }: CycleParts): Cycle => {
  let handler: (() => unknown) | undefined;
  let onlineOnly = false;
  let isCalled = false;
  let timer: unknown;
  let cycleMs = 20;

  const callHandler = () => {
    if (!handler || isCalled || (onlineOnly && !isOnline())) return;
    const running = callGuarded('output handler', handler, [], warn);
    if (!running) return;
    isCalled = true;
    void running.finally(() => {
      isCalled = false;
    });
  };

  const turn = () => {
    timer = clock.setTimeout(turn, cycleMs);
    callHandler();
  };

  const end = () => {
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
      end();
      turn();
    },
    run: () => {
      turn();
      return end;
    },
  };
};

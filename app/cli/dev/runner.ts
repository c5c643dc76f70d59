import type { SupervisedUnit } from '../../../adapters/node/process/child.ts';
import type { SupervisorEvent } from '../../../adapters/node/process/supervisor.ts';
import { inspectProgram } from '../inspection.ts';
import { defaultGraceSeconds, defaultHeartbeatSeconds, superviseUnit } from '../supervision.ts';

/** A unit that is supervised until it is stopped. */
export interface Running {
  /** Stops the unit, and waits for its end. */
  stop(): Promise<void>;
  /** Resolves when the unit has ended by itself or was stopped. @throws What the supervisor throws. */
  readonly ended: Promise<void>;
}

/** What a unit is run with. */
export interface RunnerOptions {
  readonly inspectorUrl: string | undefined;
  readonly onEvent: (event: SupervisorEvent) => void;
}

const graceMs = defaultGraceSeconds * 1000;

/** Runs a unit's program, as `pepeunit run` does, until it is stopped. */
export const runUnit = (main: string, folder: string, { inspectorUrl, onEvent }: RunnerOptions): Running => {
  const stopped = new AbortController();
  let unit: SupervisedUnit | undefined;
  const ended = superviseUnit({
    program: inspectProgram({ main, args: [], folder }, inspectorUrl),
    graceMs,
    heartbeatMs: defaultHeartbeatSeconds * 1000,
    onEvent,
    onStart: (started) => {
      unit = started;
      if (stopped.signal.aborted) void started.stop(graceMs);
    },
    stopped: stopped.signal,
  }).then(() => undefined);
  return {
    ended,
    stop: async () => {
      stopped.abort();
      await unit?.stop(graceMs);
      await ended;
    },
  };
};

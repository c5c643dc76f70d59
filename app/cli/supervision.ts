import { join } from 'node:path';
import { folderFirmwareTrials } from '../../adapters/node/firmware/trials.ts';
import type { ProcessEnd } from '../../adapters/node/process/child.ts';
import { restartCode } from '../../adapters/node/process/contract.ts';
import { takeSupervisorLock } from '../../adapters/node/process/lock.ts';
import { supervise, type SupervisorEvent, type SupervisorOptions } from '../../adapters/node/process/supervisor.ts';
import { failureOf } from '../../services/errors.ts';
import type { Inspector } from '../inspector/server/server.ts';
import { lockWaitText } from './lock-wait.ts';

type Trial = NonNullable<Extract<SupervisorEvent, { type: 'started' }>['trial']>;

/** Time for a unit to stop before it is killed, seconds. */
export const defaultGraceSeconds = 10;
/** Time between two signs of life of a unit, seconds. */
export const defaultHeartbeatSeconds = 60;

const startOf = ({ isWaiting, starts, maxStarts }: Trial): string =>
  isWaiting ? 'which waits for a broker' : `start ${starts} of ${maxStarts}`;

/** Says what happened to a unit in a few words. */
export const describe = (event: SupervisorEvent): string => {
  switch (event.type) {
    case 'locked':
      return lockWaitText(event.folder, event);
    case 'started': {
      const { pid, trial } = event;
      const start = trial ? `, version ${trial.to} on trial, ${startOf(trial)}` : '';
      return `started the unit, process ${pid}${start}`;
    }
    case 'ended':
      return `the unit ended ${event.signal === null ? `with code ${event.code}` : `by ${event.signal}`}`;
    case 'waiting':
      return `starting it again in ${event.ms / 1000} s`;
    case 'hung':
      return `the unit's event loop hangs (${event.hangs} so far): ending process ${event.pid}`;
    case 'overdue':
      return `version ${event.version} did not prove itself within ${event.withinMs / 1000} s and was stopped`;
    case 'rolledBack':
      return `version ${event.version} was rolled back to ${event.to}: ${event.reason}`;
    case 'failed':
      return `${event.what} failed: ${event.message}`;
  }
};

/** Whether a supervisor's event is one to find on the time axis: the unit itself could not tell of it. */
const isMark = (event: SupervisorEvent): boolean => {
  if (event.type === 'ended') return event.signal !== null || ![0, restartCode].includes(event.code ?? 0);
  return ['hung', 'overdue', 'rolledBack'].includes(event.type);
};

/** Puts what the unit itself could not tell of on the time axis of an inspector. */
export const markIn = (inspector: Inspector | undefined, event: SupervisorEvent): void => {
  if (isMark(event)) inspector?.sources.mark(event.type === 'rolledBack' ? 'rollback' : 'crash', describe(event));
};

/**
 * Supervises the unit in a program's folder, as the only one who does.
 *
 * @returns The unit's last end; `undefined` if it was not running when the supervisor was stopped.
 * @throws {ProcessError} `taken` while another supervisor runs it; and what the supervisor throws.
 */
export const superviseUnit = async (options: Omit<SupervisorOptions, 'trials'>): Promise<ProcessEnd | undefined> => {
  const { program, graceMs, onEvent, stopped } = options;
  const { folder } = program;
  const own = join(folder, '.pepeunit');
  const lock = await takeSupervisorLock({
    folder: own,
    graceMs,
    onFailure: (thrown) => onEvent({ type: 'failed', what: 'recording the unit', message: failureOf(thrown).message }),
    onWait: (wait) => onEvent({ type: 'locked', folder: own, ...wait }),
    stopped,
  }).catch((thrown: unknown) => {
    if (!stopped.aborted) throw thrown;
  });
  if (!lock) return undefined;
  try {
    return await supervise({
      ...options,
      trials: folderFirmwareTrials({ folder }),
      onStart: (unit) => {
        options.onStart(unit);
        void lock.note(unit.pid);
      },
    });
  } finally {
    await lock.release();
  }
};

import type { TrialFailure } from '../../../services/firmware-journal.ts';
import type { FirmwareStatus } from '../../../services/firmware-transitions.ts';
import type { ProcessEnd } from './child.ts';
import { restartCode } from './contract.ts';

type Trial = NonNullable<FirmwareStatus['trial']>;

/** How a run of the unit ended. */
export interface RunEnd extends ProcessEnd {
  /** Why the supervisor stopped it: its event loop hung, or it kept silent about its trial. */
  readonly stoppedFor?: 'hang' | 'silence';
}

/** Signals by which others end a process; by the rest it ends itself. */
const killers: readonly (NodeJS.Signals | null)[] = ['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

/** Whether others ended the process, and not for a fault of its own. */
export const isKilled = ({ signal, stoppedFor }: RunEnd): boolean =>
  stoppedFor === undefined && killers.includes(signal);

/** Why the last start failed: what the version itself said before it asked for a restart, else how it ended. */
export const failureOfLast = (trial: Trial, end: RunEnd | undefined): TrialFailure => {
  if (end?.stoppedFor === 'hang') return { reason: 'its event loop hung', code: 'hung' };
  if (end?.stoppedFor === 'silence')
    return { reason: `it did not answer within ${trial.healthyWithinMs / 1000} s`, code: 'hung' };
  if (!end || end.code === restartCode) return trial.failure ?? { reason: 'it asked for a restart' };
  const how = end.signal === null ? `it ended with code ${end.code ?? '?'}` : `it ended by ${end.signal}`;
  return { reason: how, code: 'ended' };
};

/** Time in which a unit connects once more to a broker that is there, milliseconds. */
const lastCallMs = 30_000;
/** Time in which it finds out twice whether a broker is there, milliseconds. */
const probesMs = 12_000;

/** Longest delay of Node's timers, milliseconds; a longer one fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/** Time after which a unit that kept silent is not going to judge its trial itself any more, milliseconds. */
export const silenceMs = ({ healthyWithinMs }: Trial, graceMs: number): number =>
  Math.min(healthyWithinMs + Math.min(healthyWithinMs, lastCallMs) + probesMs + graceMs, maxTimerMs);

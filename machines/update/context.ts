import type { Failure } from '../../services/errors.ts';
import type { StagedFirmware } from '../../services/firmware.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { FailedVersion, UpdateOutcome } from '../../services/firmware-journal.ts';
import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import type { RestartMode } from '../../services/process-control.ts';
import type { Parent } from '../lib/slot.ts';

/** What may change between updates. */
export interface UpdateChange {
  /** The version that runs. */
  commitVersion?: string;
  /** Whether the app's own handler takes updates over. */
  handsOver?: boolean;
}

/** Events that the update machine accepts. */
export type UpdateEvent =
  /** Find out what an earlier start has left, once; reported as `update.recovered`. */
  | { type: 'update.recover' }
  | ({ type: 'update.configure' } & UpdateChange)
  /** During an update or a trial: the last target waits for its end. */
  | { type: 'update.start'; target: UpdateTarget }
  /** The link is there and each topic was answered; which base topics were denied. */
  | { type: 'broker.up'; denied: readonly string[] }
  | { type: 'broker.down' };

export type UpdatePhase =
  | 'recovering'
  | 'downloading'
  | 'verifying'
  | 'staging'
  | 'swapping'
  | 'restarting'
  | 'trial'
  | 'confirming'
  | 'rollingBack'
  | 'handingOver';

/** Facts that the update machine reports to its parent. */
export type UpdateFact =
  | { type: 'update.ready' }
  /** What an earlier start has left is known, or can't be; the unit may load its files. */
  | { type: 'update.recovered' }
  | { type: 'update.began'; target: UpdateTarget }
  | { type: 'update.skipped'; target: UpdateTarget; reason: 'sameVersion' }
  /** The update or the trial under way is for this version already. */
  | { type: 'update.repeated'; target: UpdateTarget }
  /** This version has failed before; another one is needed. */
  | { type: 'update.refused'; target: UpdateTarget; failure: Failure }
  /** From now on until `update.settled` the files may be of another version than the one that runs. */
  | { type: 'update.swapping' }
  | { type: 'update.swapped'; target: UpdateTarget; mode: RestartMode }
  | { type: 'update.finished'; target: UpdateTarget; mode: RestartMode }
  | { type: 'update.handedOver'; target: UpdateTarget }
  | { type: 'update.failed'; target: UpdateTarget; phase: UpdatePhase; failure: Failure }
  /** The version that runs has to prove itself; nobody can help one that can't start where nothing supervises it. */
  | { type: 'update.tried'; version: string; start: number; maxStarts: number; isSupervised: boolean }
  | { type: 'update.confirmed'; version: string }
  | { type: 'update.rolledBack'; version: string; reason: string }
  | { type: 'update.targetUnknown'; failure: Failure }
  /** The instance's target alone would not bring the version, so it is not asked for. */
  | { type: 'update.targetNotAsked' }
  /** No update and no trial is under way. */
  | { type: 'update.settled' };

export interface UpdateEnding {
  phase: UpdatePhase;
  failure: Failure;
}

export interface UpdateInput {
  parent: Parent<UpdateFact>;
  mode: RestartMode;
  /** Whether a command for the version that runs is skipped. */
  checksVersion: boolean;
  /** Whether the instance can be asked which version is wanted, and that be enough to get it. */
  asksTarget: boolean;
  /** Whether a supervisor starts the program, counts its starts and rolls back. */
  isSupervised: boolean;
}

export interface UpdateContext extends UpdateInput {
  handsOver: boolean;
  /** The version that runs. */
  commitVersion: string;
  /** What the pending update, or the last one, is for. */
  target: UpdateTarget;
  /** What comes after the pending update. */
  next?: UpdateTarget | undefined;
  staged: StagedFirmware;
  /** How the pending update, or the last one, failed. */
  ending?: UpdateEnding | undefined;
  /** The version that lies in place and waits for the next start. */
  placed: string;
  trial?: FirmwareStatus['trial'] | undefined;
  /** Base topics that the broker denied; `undefined` without a link. */
  denied?: readonly string[] | undefined;
  /** The version that failed and is refused. */
  failed?: FailedVersion | undefined;
  /** How the last update ended, until that is reported. */
  outcome?: UpdateOutcome | undefined;
  /** Whether a connect came after which the instance was not asked for its target yet. */
  isTargetDue: boolean;
  /** What the instance said that was taken up last; the same answer is not taken up twice. */
  answered: string;
}

const isSameTarget = (one: UpdateTarget, other: UpdateTarget): boolean =>
  one.commitVersion === other.commitVersion && one.firmwareLink === other.firmwareLink;

const nothingStaged: StagedFirmware = { id: '', files: 0, bytes: 0 };

/** The start of an update, which is pending from then on. */
export const pendingUpdate = (target: UpdateTarget) => ({
  target,
  next: undefined,
  ending: undefined,
  staged: nothingStaged,
});

/** Where the update machine starts: nothing is known of earlier starts, nothing is pending. */
export const newUpdateContext = (input: UpdateInput): UpdateContext => ({
  ...input,
  handsOver: false,
  commitVersion: '',
  placed: '',
  isTargetDue: false,
  answered: '',
  ...pendingUpdate({ commitVersion: '' }),
});

/** Takes over what changed. */
export const configured = ({ commitVersion, handsOver }: UpdateChange): Partial<UpdateContext> => ({
  ...(commitVersion === undefined ? {} : { commitVersion }),
  ...(handsOver === undefined ? {} : { handsOver }),
});

/** Takes over what the journal says; what is on trial counts as the pending update. */
export const recovered = ({ trial, failed, outcome }: FirmwareStatus) => ({
  trial,
  failed,
  outcome,
  ...(trial && { target: { commitVersion: trial.to } }),
});

/** Lets a target wait for the end of the pending update; the target of that one need not wait. */
export const queued = (now: UpdateContext, target: UpdateTarget): Pick<UpdateContext, 'next'> => ({
  next: isSameTarget(target, now.target) ? undefined : target,
});

/** Whether the target is the version that runs, or starts next, where that is checked at all. */
export const runsAlready = ({ checksVersion, target, commitVersion, placed }: UpdateContext): boolean =>
  checksVersion && target.commitVersion !== '' && [commitVersion, placed].includes(target.commitVersion);

/** Whether the target is the version that failed. */
export const hasFailedBefore = ({ failed, target }: UpdateContext): boolean =>
  failed !== undefined && failed.version === target.commitVersion;

/** Whether what the instance wants is another version, and one that it makes sense to try without a command. */
export const isWorthIt = (now: UpdateContext, commitVersion: string): boolean =>
  commitVersion !== '' &&
  commitVersion !== now.answered &&
  commitVersion !== now.failed?.version &&
  !runsAlready({ ...now, target: { commitVersion } });

/** Whether the new version has no start left. */
export const isSpent = ({ trial }: Pick<FirmwareStatus, 'trial'>): boolean =>
  trial !== undefined && trial.starts > trial.maxStarts;

/** Keeps how an update or a trial failed; what could not even be fetched may be tried again after the next connect. */
export const failedWith = ({ answered }: UpdateContext, ending: UpdateEnding): Partial<UpdateContext> => ({
  ending,
  answered: ending.phase === 'downloading' ? '' : answered,
});

/** The version on trial has proved itself. */
export const confirmed = ({ trial }: UpdateContext): Partial<UpdateContext> => ({
  trial: undefined,
  ...(trial && { outcome: { version: trial.to, result: 'confirmed' } }),
});

/** The version on trial is gone again. */
export const rolledBack = ({ trial, ending }: UpdateContext): Partial<UpdateContext> => {
  if (!trial) return {};
  const reason = ending?.failure.message ?? '';
  const version = trial.to;
  return { trial: undefined, failed: { version, reason }, outcome: { version, result: 'rolledBack', reason } };
};

/** The fact that reports an outcome. */
export const factOf = ({ version, result, reason }: UpdateOutcome): UpdateFact =>
  result === 'confirmed'
    ? { type: 'update.confirmed', version }
    : { type: 'update.rolledBack', version, reason: reason ?? 'no reason was noted' };

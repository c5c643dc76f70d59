import type { Failure } from '../../services/errors.ts';
import type { StagedFirmware } from '../../services/firmware.ts';
import type { UpdateTarget } from '../../services/update.ts';
import { journalName } from '../../services/firmware-journal.ts';
import type { FailedVersion, KeptFiles, UpdateOutcome } from '../../services/firmware-journal.ts';
import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import type { RestartMode } from '../../services/process-control.ts';
import type { Retry } from '../lib/retry.ts';
import { childOf, type Child, type ChildInput } from '../lib/parent.ts';

/** Changes of the configuration between updates. */
export interface UpdateChange {
  /** The running version. */
  commitVersion?: string;
  /** Whether the app's own handler performs updates. */
  handsOver?: boolean;
}

/** Events that the update machine accepts. */
export type UpdateEvent =
  /** Recover an interrupted update, once: it ends with `update.tried` or `update.settled`. After that, `update.recovered`. */
  | { type: 'update.recover' }
  | ({ type: 'update.configure' } & UpdateChange)
  /** Start an update; during an update or a trial, the latest target waits for its end. */
  | { type: 'update.start'; target: UpdateTarget }
  /** The start that follows was commanded: what can't be had now is tried again. Another target ends that. */
  | { type: 'update.pursue'; target: UpdateTarget }
  /** The link is open and each topic was answered; `denied` has the denied base topics. */
  | { type: 'broker.up'; denied: readonly string[] }
  | { type: 'broker.down' }
  /** Ask the instance for its target version, as after a connect: a unit without MQTT is at work. */
  | { type: 'update.askTarget' }
  /** The broker denied these base topics on the last link; all of them, which ended it, if none is named. */
  | { type: 'broker.denied'; topics?: readonly string[] };

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
  /** The recovery has ended, with or without success; the unit may load its files. */
  | { type: 'update.recovered' }
  | { type: 'update.began'; target: UpdateTarget }
  /** The command names a compiled program, and this unit is none. */
  | { type: 'update.linkIgnored'; target: UpdateTarget }
  | { type: 'update.skipped'; target: UpdateTarget; reason: 'sameVersion' }
  /** The current update or trial is already for this version. */
  | { type: 'update.repeated'; target: UpdateTarget }
  /** This version has failed before; only another one is tried. */
  | { type: 'update.refused'; target: UpdateTarget; failure: Failure }
  /** Until `update.settled` the files may belong to another version than the running one. */
  | { type: 'update.swapping' }
  | { type: 'update.swapped'; target: UpdateTarget; mode: RestartMode }
  | { type: 'update.finished'; target: UpdateTarget; mode: RestartMode }
  | { type: 'update.handedOver'; target: UpdateTarget }
  | { type: 'update.failed'; target: UpdateTarget; phase: UpdatePhase; failure: Failure }
  /** The version can't be had now, and is tried again. */
  | { type: 'update.postponed'; target: UpdateTarget; phase: UpdatePhase; failure: Failure; attempts: number }
  /** The running version is on trial. Without a supervisor nothing helps a version that can't even start. */
  | { type: 'update.tried'; version: string; start: number; maxStarts: number; isSupervised: boolean }
  /** Files that no update had brought gave way to the version on trial; they are kept. */
  | { type: 'update.kept'; version: string; files: KeptFiles }
  /** No version could get online now, so the trial waits; reported once a wait. */
  | { type: 'update.waiting'; version: string; isDenied: boolean }
  /** A broker is there again that the version on trial is not connected to: connect now. */
  | { type: 'update.brokerFound' }
  | { type: 'update.confirmed'; version: string }
  | { type: 'update.rolledBack'; version: string; reason: string }
  | { type: 'update.targetUnknown'; failure: Failure; attempts: number }
  /** The instance was asked to send its update: only the command has the link to a compiled program. */
  | { type: 'update.requested'; target: UpdateTarget }
  /** No update or trial is in progress. */
  | { type: 'update.settled' };

export interface UpdateEnding {
  phase: UpdatePhase;
  failure: Failure;
}

/** A target that was commanded or is the instance's, and how often it could not be had. */
export interface Pursuit {
  readonly target: UpdateTarget;
  readonly retry: Retry;
}

export interface UpdateInput extends ChildInput<UpdateFact> {
  mode: RestartMode;
  /** Whether to skip a command for the running version. */
  checksVersion: boolean;
  /** Whether the unit's program is compiled: it comes by the link of a command, which no other unit obeys. */
  isCompiled: boolean;
  /** Whether a supervisor starts the program, counts its starts and rolls back. */
  isSupervised: boolean;
  /** Whether MQTT is switched off: a version proves itself over REST alone. @defaultValue false */
  isRestOnly?: boolean;
  /** Whether the app's own handler performs updates. @defaultValue false */
  handsOver?: boolean;
  /** The version that this program has put in place, by a machine that ran before this one. @defaultValue none */
  placed?: string;
}

export interface UpdateContext extends Omit<UpdateInput, 'parent'>, Child<UpdateFact> {
  handsOver: boolean;
  /** The running version. */
  commitVersion: string;
  /** Target of the pending or last update. */
  target: UpdateTarget;
  /** Target of the update after the pending one. */
  next?: UpdateTarget | undefined;
  staged: StagedFirmware;
  /** Failure of the pending or last update. */
  ending?: UpdateEnding | undefined;
  /** The installed version that waits for the next start. */
  placed: string;
  trial?: FirmwareStatus['trial'] | undefined;
  /** Base topics that the broker denied; `undefined` without a link. */
  denied?: readonly string[] | undefined;
  /** Whether the broker denied base topics on the last link. */
  isDenied: boolean;
  /** Those that it denied, if not all. */
  lastDenied: readonly string[];
  /** Whether a version could get online at the last probe, and this one was not. */
  isSuspect: boolean;
  /** Probes since the trial waits. */
  probes: number;
  /** Delay before the next one. */
  nextProbeMs: number;
  /** The failed version, which is refused. */
  failed?: FailedVersion | undefined;
  /** Result of the last update, until it is reported. */
  outcome?: UpdateOutcome | undefined;
  /** The newest target to try again for as long as it can't be had. */
  pursuit?: Pursuit | undefined;
  /** Whether to ask the instance for its target, after a connect. */
  isTargetDue: boolean;
  /** How often the instance did not answer what its target is, since the connect. */
  unanswered?: Retry | undefined;
  /** The instance's last answer that was followed, or asked the command for; that is not done twice. */
  answered: string;
}

/** The target without the link of a compiled program. */
export const withoutLink = ({ commitVersion, payload }: UpdateTarget): UpdateTarget => ({
  commitVersion,
  ...(payload && { payload }),
});

/** Whether two targets are the same version, and of a compiled unit also the same program. */
export const isSameTarget = (one: UpdateTarget, other: UpdateTarget, isCompiled: boolean): boolean =>
  one.commitVersion === other.commitVersion && (!isCompiled || one.firmwareLink === other.firmwareLink);

const nothingStaged: StagedFirmware = { id: '', files: 0, bytes: 0 };

/** Context of a pending update at its start. */
export const pendingUpdate = (target: UpdateTarget) => ({
  target,
  next: undefined,
  ending: undefined,
  staged: nothingStaged,
});

/** The initial context of the update machine: nothing recovered, nothing pending. */
export const newUpdateContext = ({ parent, unit, ...input }: UpdateInput): UpdateContext => ({
  handsOver: false,
  commitVersion: '',
  placed: '',
  isDenied: false,
  lastDenied: [],
  isSuspect: false,
  probes: 0,
  nextProbeMs: 0,
  isTargetDue: false,
  answered: '',
  ...pendingUpdate({ commitVersion: '' }),
  ...input,
  ...childOf({ parent, unit }),
});

/** Applies a change of the configuration. */
export const configured = ({ commitVersion, handsOver }: UpdateChange): Partial<UpdateContext> => ({
  ...(commitVersion === undefined ? {} : { commitVersion }),
  ...(handsOver === undefined ? {} : { handsOver }),
});

/** What the last link was denied: all of the base topics, if none is named. */
export const deniedBy = (topics: readonly string[] = []): Partial<UpdateContext> => ({
  isDenied: true,
  lastDenied: topics,
});

/** The version on trial; one that this program has put in place itself is not before the next start. */
export const onTrial = (
  { placed }: Pick<UpdateContext, 'placed'>,
  { trial }: FirmwareStatus,
): UpdateContext['trial'] => (placed !== '' && trial?.to === journalName(placed) ? undefined : trial);

/** Applies the status from the journal; a version on trial counts as the pending update. */
export const recovered = (now: UpdateContext, status: FirmwareStatus): Partial<UpdateContext> => {
  const { failed, outcome } = status;
  const trial = onTrial(now, status);
  return { trial, failed, outcome, ...(trial && { target: { commitVersion: trial.to } }) };
};

/** Queues a target until the pending update ends, unless it is the same target. */
export const queued = (now: UpdateContext, target: UpdateTarget): Pick<UpdateContext, 'next'> => ({
  next: isSameTarget(target, now.target, now.isCompiled) ? undefined : target,
});

/** Whether the target is the running version, or the one of the next start, if that is checked at all. */
export const runsAlready = ({ checksVersion, target, commitVersion, placed }: UpdateContext): boolean =>
  checksVersion && target.commitVersion !== '' && [commitVersion, placed].includes(target.commitVersion);

/** Whether a version comes with the link that only a command has. */
export const needsLink = ({ isCompiled, mode }: Pick<UpdateInput, 'isCompiled' | 'mode'>): boolean =>
  isCompiled && mode !== 'env_schema_only';

/** Whether the target is the failed version. */
export const hasFailedBefore = ({ failed, target }: UpdateContext): boolean =>
  failed !== undefined && failed.version === journalName(target.commitVersion);

/** Whether the instance's target is another version and worth an attempt without a command. */
export const isWorthIt = (now: UpdateContext, commitVersion: string): boolean =>
  commitVersion !== '' &&
  commitVersion !== now.answered &&
  journalName(commitVersion) !== now.failed?.version &&
  !runsAlready({ ...now, target: { commitVersion } });

/**
 * Keeps the failure of an update or trial. A version that could not be fetched may be tried again after the next
 * connect.
 */
export const failedWith = ({ answered }: UpdateContext, ending: UpdateEnding): Partial<UpdateContext> => ({
  ending,
  answered: ending.phase === 'downloading' ? '' : answered,
});

/** The fact that reports a failure. */
export const factOfFailure = ({ target }: UpdateContext, { phase, failure }: UpdateEnding): UpdateFact => ({
  type: 'update.failed',
  target,
  phase,
  failure,
});

/** The fact that reports an outcome. */
export const factOf = ({ version, result, reason }: UpdateOutcome): UpdateFact =>
  result === 'confirmed'
    ? { type: 'update.confirmed', version }
    : { type: 'update.rolledBack', version, reason: reason ?? 'no reason was noted' };

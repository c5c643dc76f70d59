import type { Failure } from '../../services/errors.ts';
import type { StagedFirmware, UpdateTarget } from '../../services/firmware.ts';
import type { RestartMode } from '../../services/process-control.ts';
import type { Parent } from './parent.ts';

/** What may change between updates. */
export interface UpdateChange {
  /** The version that runs. */
  commitVersion?: string;
  /** Whether the app's own handler takes updates over. */
  handsOver?: boolean;
}

/** What others may tell the update machine. */
export type UpdateEvent =
  | ({ type: 'update.configure' } & UpdateChange)
  /** During a flight: the last target waits for its end. */
  | { type: 'update.start'; target: UpdateTarget };

export type UpdatePhase = 'downloading' | 'verifying' | 'swapping' | 'restarting' | 'handingOver';

/** What the update machine tells its parent. */
export type UpdateFact =
  | { type: 'update.ready' }
  | { type: 'update.began'; target: UpdateTarget }
  | { type: 'update.skipped'; target: UpdateTarget; reason: 'sameVersion' }
  | { type: 'update.swapped'; target: UpdateTarget; mode: RestartMode }
  | { type: 'update.finished'; target: UpdateTarget; mode: RestartMode }
  | { type: 'update.handedOver'; target: UpdateTarget }
  | { type: 'update.failed'; target: UpdateTarget; phase: UpdatePhase; failure: Failure };

export interface UpdateEnding {
  phase: UpdatePhase;
  failure: Failure;
}

export interface UpdateInput {
  parent: Parent<UpdateFact>;
  mode: RestartMode;
  /** Whether a command for the version that runs is skipped. */
  checksVersion: boolean;
}

export interface UpdateContext {
  parent: Parent<UpdateFact>;
  mode: RestartMode;
  checksVersion: boolean;
  handsOver: boolean;
  /** The version that runs. */
  commitVersion: string;
  /** What this flight, or the last one, is for. */
  target: UpdateTarget;
  /** What comes after this flight. */
  next?: UpdateTarget | undefined;
  staged: StagedFirmware;
  /** How this flight, or the last one, failed. */
  ending?: UpdateEnding | undefined;
}

const isSameTarget = (one: UpdateTarget, other: UpdateTarget): boolean =>
  one.commitVersion === other.commitVersion && one.firmwareLink === other.firmwareLink;

const nothingStaged: StagedFirmware = { id: '', files: 0, bytes: 0 };

/** The start of a flight. */
export const flightTo = (target: UpdateTarget) => ({
  target,
  next: undefined,
  ending: undefined,
  staged: nothingStaged,
});

/** Where the update machine starts: nothing is in flight. */
export const newUpdateContext = ({ parent, mode, checksVersion }: UpdateInput): UpdateContext => ({
  parent,
  mode,
  checksVersion,
  handsOver: false,
  commitVersion: '',
  ...flightTo({ commitVersion: '' }),
});

/** Takes over what changed. */
export const configured = ({ commitVersion, handsOver }: UpdateChange): Partial<UpdateContext> => ({
  ...(commitVersion === undefined ? {} : { commitVersion }),
  ...(handsOver === undefined ? {} : { handsOver }),
});

/** Lets a target wait for the end of a flight; what the flight is for already need not wait. */
export const queued = (now: UpdateContext, target: UpdateTarget): Partial<UpdateContext> => ({
  next: isSameTarget(target, now.target) ? undefined : target,
});

/** Whether the target is the version that runs, where that is checked at all. */
export const runsAlready = ({ checksVersion, target, commitVersion }: UpdateContext): boolean =>
  checksVersion && target.commitVersion !== '' && target.commitVersion === commitVersion;

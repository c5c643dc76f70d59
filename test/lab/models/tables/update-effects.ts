import type { updateMachine } from '../../../../machines/update.ts';
import type { Failure } from '../../../../services/errors.ts';
import type { UpdateTarget } from '../../../../services/update.ts';
import { triedAgain } from './delays.ts';
import { effectsOf, type Effect as EffectOf } from './effects.ts';
import { pursued as never, requestFaults } from './requests.ts';
import { sidesOf } from './sides.ts';
import { rowsOf, tooLong, type Consequence, type ContextOf } from './table.ts';

export type Context = ContextOf<typeof updateMachine>;
/** What carries any of these. */
export interface Event {
  readonly error?: unknown;
  readonly output?: unknown;
  readonly target?: UpdateTarget;
  readonly denied?: readonly string[];
  readonly topics?: readonly string[];
  readonly commitVersion?: string;
  readonly handsOver?: boolean;
}
export type Effect = EffectOf<Context, Event>;
export type Guard = (context: Context, event: Event) => boolean;

export const row = rowsOf<typeof updateMachine>();
export const sides = sidesOf<Context, Event>();
export const { keeps, tells, of } = effectsOf<Context, Event>();

export const all =
  (...guards: readonly Guard[]): Guard =>
  (context, event) =>
    guards.every((guard) => guard(context, event));

export const leadsTo = (to: string, ...effects: readonly Effect[]): Consequence<Context> => ({ to, ...of(...effects) });

/** No update or trial is in progress any more. */
export const settled = (...effects: readonly Effect[]): Consequence<Context> =>
  leadsTo('idle', ...effects, tells({ type: 'update.settled' }));

// What is commanded.

const nothing = { id: '', files: 0, bytes: 0 };
export const pending = (target: UpdateTarget) => ({ target, next: undefined, ending: undefined, staged: nothing });

/** Whether two targets are one: of a compiled unit the program counts as well. */
const isSame = (one: UpdateTarget, other: UpdateTarget | undefined, { isCompiled }: Context): boolean =>
  one.commitVersion === other?.commitVersion && (!isCompiled || one.firmwareLink === other.firmwareLink);

/** Whether it asks for what the update or trial in progress is for. */
export const isRepeated: Guard = (context, { target }) => isSame(context.target, target, context);
export const hasNext: Guard = ({ next }) => next !== undefined;

/** What is asked for waits for its turn: the newest of it. */
export const queued = keeps((_, { target: next }) => ({ next }));
/** What is asked for next was commanded. */
export const pursued = keeps((_, { target }) => (target ? { pursuit: { target, retry: never } } : {}));
/** What is configured changes; the rest of it stays. */
export const configured = keeps((before, { commitVersion = before.commitVersion, handsOver = before.handsOver }) => ({
  commitVersion,
  handsOver,
}));

const isPursued = (context: Context): boolean => isSame(context.target, context.pursuit?.target, context);

/** What was commanded is done, or will never be. */
export const pursuitEnds = keeps((context) => ({ pursuit: isPursued(context) ? undefined : context.pursuit }));

/** What is asked for next becomes the pending update; what was commanded before is forgotten if it is another. */
export const begun = leadsTo(
  'checking',
  keeps(({ next, target }) => pending(next ?? target)),
  keeps((context) => ({ pursuit: isPursued(context) ? context.pursuit : undefined })),
);

/** What is tried again becomes the pending update once more. */
export const resumes = keeps(({ pursuit, target }) => pending(pursuit?.target ?? target));

// What goes wrong.

export type Phase = NonNullable<Context['ending']>['phase'];

const slow: Readonly<Partial<Record<Phase, string>>> = {
  recovering: 'Reading the update journal',
  downloading: 'The download',
  verifying: 'Checking the firmware',
  staging: 'Completing the firmware',
  swapping: 'Putting the new version in place',
  restarting: 'Restarting',
  confirming: 'Confirming the new version',
  rollingBack: 'Rolling back',
  handingOver: "The app's update handler",
};

/** What put an end to a phase: an error, or that it took too long. */
export type Cause = 'error' | 'late';

export const faultOf = ({ error }: Event) => requestFaults.find((fault) => fault.error === error);
export const failureOf = (what: string | undefined, cause: Cause, event: Event) =>
  cause === 'late' ? tooLong(what ?? '') : faultOf(event)?.failure;

/** A phase fails for good. What could not be fetched may be fetched after the next connect. */
export const fails =
  (phase: Phase, failureIn: (context: Context, event: Event) => Failure | undefined): Effect =>
  (context, event) => {
    const failure = failureIn(context, event);
    return {
      told: [{ type: 'update.failed', target: context.target, phase, failure }],
      context: {
        ...(failure && { ending: { phase, failure } }),
        answered: phase === 'downloading' ? '' : context.answered,
      },
    };
  };
export const failsWith = (phase: Phase, cause: Cause): readonly Effect[] => [
  fails(phase, (_, event) => failureOf(slow[phase], cause, event)),
  pursuitEnds,
];
export const failed = (phase: Phase, cause: Cause): Consequence<Context> => settled(...failsWith(phase, cause));
export const discarded = (phase: Phase, cause: Cause): Consequence<Context> =>
  leadsTo('discarding', ...failsWith(phase, cause));

/** Whether the pending update is tried again where this time it fails: it was commanded, less than a day ago. */
export const isTriedAgain = (context: Context): boolean =>
  isPursued(context) && (context.pursuit?.retry.waitedMs ?? 0) < 24 * 3_600_000;
const mayEndOtherwise: Guard = (_, event) => faultOf(event)?.wait !== undefined;
export const isTriedAgainAfter: Guard = all(mayEndOtherwise, isTriedAgain);

/** A phase fails for now. */
export const postponed =
  (phase: Phase, cause: Cause): Effect =>
  ({ target, pursuit }, event) => {
    const failure = failureOf(slow[phase], cause, event);
    const retry = triedAgain(pursuit?.retry ?? never, faultOf(event)?.wait);
    return {
      told: [{ type: 'update.postponed', target, phase, failure, attempts: retry.attempts }],
      context: { ...(failure && { ending: { phase, failure } }), pursuit: { target, retry } },
    };
  };

// An update.

export const isForApp: Guard = ({ handsOver, target }) => handsOver && target.staged === undefined;
export const runsAlready = ({ checksVersion, commitVersion, placed: installed }: Context, version: string): boolean =>
  checksVersion && version !== '' && (version === commitVersion || version === installed);
export const isRunning: Guard = (context) => runsAlready(context, context.target.commitVersion);
export const hasFailedBefore: Guard = ({ failed: before, target }) => before?.version === target.commitVersion;
/** Whether it failed before for want of a link, or long enough ago. */
export const isWorthRetrying: Guard = (_, { output }) => {
  const { code, ageMs } = output as { code?: string; ageMs: number };
  return code === 'offline' || ageMs >= 600_000;
};
export const isProgramReplaced: Guard = ({ mode }) => mode !== 'env_schema_only';
export const restarts: Guard = ({ mode }) => mode !== 'no_restart' && mode !== 'env_schema_only';

/** It is carried out. Only a compiled unit obeys the link to a program, which is worth a word where programs are replaced. */
export const begins: Effect = ({ target: given, isCompiled, mode }) => {
  const { firmwareLink, ...plain } = given;
  const isIgnored = firmwareLink !== undefined && !isCompiled;
  const target = isIgnored ? plain : given;
  return {
    told: [
      ...(isIgnored && mode !== 'env_schema_only' ? [{ type: 'update.linkIgnored', target: given }] : []),
      { type: 'update.began', target },
    ],
    context: { target },
  };
};

export const skips: readonly Effect[] = [
  tells(({ target }) => ({ type: 'update.skipped', target, reason: 'sameVersion' })),
  pursuitEnds,
];

export const refuses: readonly Effect[] = [
  tells(({ target, failed: before }) => ({
    type: 'update.refused',
    target,
    failure: {
      name: 'FirmwareError',
      code: 'failedBefore',
      message: `version ${target.commitVersion} failed before: ${before?.reason}. Send another version, or this one again ten minutes after it failed.`,
    },
  })),
  pursuitEnds,
];

export const stages = keeps((_, { output }) => ({ staged: output as Context['staged'] }));
export const swaps: readonly Effect[] = [pursuitEnds, tells({ type: 'update.swapping' })];
export const swapped = tells(({ target, mode }) => ({ type: 'update.swapped', target, mode }));
/** The new version waits for the next start. */
export const placed = keeps(({ target }) => ({ placed: target.commitVersion }));
export const handedOver = tells(({ target }) => ({ type: 'update.handedOver', target }));
/** It worked, if nothing went wrong on the way. */
export const finishes: Effect = ({ target, mode, ending }) =>
  ending ? {} : { told: [{ type: 'update.finished', target, mode }] };

/** Whether the unit is online with all that is its own. */
export const hasLink: Guard = ({ denied: topics }) => topics !== undefined && topics.length === 0;

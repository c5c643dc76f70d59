import { assign, enqueueActions, or, setup, stateIn } from 'xstate';
import type { StagedFirmware } from '../../services/firmware.ts';
import type {
  AskTarget,
  CompleteFirmware,
  DiscardFirmware,
  DownloadFirmware,
  HandOverUpdate,
  RequestUpdate,
  SwapFirmware,
  UpdateTarget,
  VerifyFirmware,
} from '../../services/update.ts';
import type { FirmwareStatus } from '../../services/firmware-transitions.ts';
import type { RestartProcess } from '../../services/process-control.ts';
import type {
  CheckReady,
  ConfirmFirmware,
  EndWait,
  ForgetOutcome,
  NoteFailure,
  NoteWait,
  PastFailure,
  AskProbe,
  RecallFailure,
  RecoverFirmware,
  RollBackFirmware,
} from '../../services/trial.ts';
import { timerMs } from '../lib/delays.ts';
import { retryMs } from '../lib/retry.ts';
import { tell } from '../lib/parent.ts';
import { slot } from '../lib/slot.ts';
import * as update from './context.ts';
import { endingOf, failureFrom, refusalOf, spentAfter, trialFailure, type Cause } from './failures.ts';
import * as pursuit from './pursuit.ts';
import * as trials from './trial.ts';
import type { UpdateChange, UpdateContext, UpdateEvent, UpdateFact, UpdateInput } from './context.ts';

/** States in which no update or trial is in progress. */
const betweenUpdates = ['asleep', 'recovering', 'idle', 'waiting', 'discarding', 'telling'] as const;

/** Setup of the update statechart: its actors, actions, guards and delays. */
export const updateSetup = setup({
  types: {} as {
    input: UpdateInput;
    context: UpdateContext;
    events: UpdateEvent;
    emitted: UpdateFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: {
    recover: slot<RecoverFirmware>('update.recover'),
    askTarget: slot<AskTarget>('update.askTarget'),
    requestUpdate: slot<RequestUpdate>('update.requestUpdate'),
    download: slot<DownloadFirmware>('update.download'),
    verify: slot<VerifyFirmware>('update.verify'),
    stage: slot<CompleteFirmware>('update.stage'),
    swap: slot<SwapFirmware>('update.swap'),
    discard: slot<DiscardFirmware>('update.discard'),
    restart: slot<RestartProcess>('update.restart'),
    handOver: slot<HandOverUpdate>('update.handOver'),
    checkReady: slot<CheckReady>('update.checkReady'),
    probe: slot<AskProbe>('update.probe'),
    noteWait: slot<NoteWait>('update.noteWait'),
    endWait: slot<EndWait>('update.endWait'),
    noteFailure: slot<NoteFailure>('update.noteFailure'),
    recall: slot<RecallFailure>('update.recall'),
    confirm: slot<ConfirmFirmware>('update.confirm'),
    rollBack: slot<RollBackFirmware>('update.rollBack'),
    forgetOutcome: slot<ForgetOutcome>('update.forgetOutcome'),
  },
  actions: {
    report: enqueueActions(({ context, enqueue }, fact: UpdateFact) => tell(enqueue, context, fact)),
    reportSwapped: enqueueActions(({ context: { parent, target, mode }, enqueue }) => {
      tell(enqueue, { parent }, { type: 'update.swapped', target, mode });
    }),
    reportHandedOver: enqueueActions(({ context: { parent, target }, enqueue }) => {
      tell(enqueue, { parent }, { type: 'update.handedOver', target });
    }),
    reportFinish: enqueueActions(({ context: { parent, target, mode, ending }, enqueue }) => {
      if (!ending) tell(enqueue, { parent }, { type: 'update.finished', target, mode });
    }),
    reportTrial: enqueueActions(({ context: { parent, trial, isSupervised }, enqueue }) => {
      if (!trial) return;
      const { to: version, maxStarts } = trial;
      const start = trial.isWaiting ? trial.starts + 1 : trial.starts;
      tell(enqueue, { parent }, { type: 'update.tried', version, start, maxStarts, isSupervised });
      // The first start reports it: the process that swapped may have been killed.
      if (trial.kept && start <= 1) tell(enqueue, { parent }, { type: 'update.kept', version, files: trial.kept });
    }),
    reportOutcome: enqueueActions(({ context: { parent, outcome }, enqueue }) => {
      if (outcome) tell(enqueue, { parent }, update.factOf(outcome));
    }),
    configure: assign((_, change: UpdateChange) => update.configured(change)),
    remember: assign((_, { target }: { target: UpdateTarget }) => ({ next: target })),
    /** Queues a target, or reports that it is already the current one. */
    queue: enqueueActions(({ context, enqueue }, { target }: { target: UpdateTarget }) => {
      const queued = update.queued(context, target);
      enqueue.assign(queued);
      if (!queued.next) tell(enqueue, context, { type: 'update.repeated', target });
    }),
    beginPursuit: assign((_, { target }: { target: UpdateTarget }) => ({ pursuit: pursuit.pursuitOf(target) })),
    endPursuit: assign(({ context }) => pursuit.ended(context)),
    /** Makes the pursued target the pending update again. */
    resume: assign(({ context }) => update.pendingUpdate(context.pursuit?.target ?? context.target)),
    /**
     * Drops the program's link of a unit that is not compiled, and reports that, where programs are replaced at all, and the
     * update's begin.
     */
    accept: enqueueActions(({ context: { parent, target: given, isCompiled, mode }, enqueue }) => {
      const isIgnored = !isCompiled && given.firmwareLink !== undefined;
      const target = isIgnored ? update.withoutLink(given) : given;
      enqueue.assign({ target });
      if (isIgnored && mode !== 'env_schema_only')
        tell(enqueue, { parent }, { type: 'update.linkIgnored', target: given });
      tell(enqueue, { parent }, { type: 'update.began', target });
    }),
    skip: enqueueActions(({ context, enqueue }) => {
      const { parent, target } = context;
      enqueue.assign(pursuit.ended(context));
      tell(enqueue, { parent }, { type: 'update.skipped', target, reason: 'sameVersion' });
    }),
    refuse: enqueueActions(({ context, enqueue }) => {
      enqueue.assign(pursuit.ended(context));
      tell(enqueue, context, { type: 'update.refused', target: context.target, failure: refusalOf(context) });
    }),
    beginNext: assign(({ context }) => pursuit.begun(context, context.next ?? context.target)),
    beginAnswered: assign((_, { commitVersion }: { commitVersion: string }) => ({
      ...update.pendingUpdate({ commitVersion }),
      pursuit: pursuit.pursuitOf({ commitVersion }),
      isTargetDue: false,
      unanswered: undefined,
      answered: commitVersion,
    })),
    /** Keeps the status from the journal, and reports its problem. */
    keepStatus: enqueueActions(({ context, enqueue }, status: FirmwareStatus) => {
      enqueue.assign(update.recovered(context, status));
      const { parent, target } = context;
      const failure = status.problem;
      if (failure) tell(enqueue, { parent }, { type: 'update.failed', target, phase: 'recovering', failure });
    }),
    keepStaged: assign((_, { output: staged }: { output: StagedFirmware }) => ({ staged })),
    keepPlaced: assign(({ context }) => ({ placed: context.target.commitVersion })),
    keepConfirmed: assign(({ context }) => trials.confirmed(context)),
    keepRolledBack: assign(({ context }) => trials.rolledBack(context)),
    forgetOutcome: assign({ outcome: undefined }),
    forgetFailed: assign({ failed: undefined }),
    /** Keeps the answer that the command is asked for, and reports the request: the command may be there before its answer. */
    keepAnswer: enqueueActions(({ context, enqueue }, { commitVersion }: { commitVersion: string }) => {
      enqueue.assign({ answered: commitVersion });
      tell(enqueue, context, { type: 'update.requested', target: { commitVersion } });
    }),
    forgetAnswer: assign({ answered: '' }),
    noteAnswer: assign({ isTargetDue: false, unanswered: undefined }),
    /** Counts and reports a question for the target that the instance did not answer. */
    noteNoAnswer: enqueueActions(({ context, enqueue }, cause: Cause<'asking'>) => {
      const failure = failureFrom(cause);
      const unanswered = pursuit.askedInVain(context, failure);
      enqueue.assign({ isTargetDue: false, unanswered });
      tell(enqueue, context, { type: 'update.targetUnknown', failure, attempts: unanswered.attempts });
    }),
    noteLink: assign(({ context }, { denied }: { denied: readonly string[] }) => ({
      denied,
      isDenied: denied.length > 0,
      lastDenied: denied,
      isTargetDue: context.isTargetDue || context.denied === undefined,
    })),
    wantTarget: assign({ isTargetDue: true }),
    /** The instance answered over REST: without MQTT this is as good as a link. */
    noteReached: assign({ denied: [] }),
    noteNoLink: assign({ denied: undefined, isTargetDue: false, unanswered: undefined }),
    /** Keeps and reports the failure of a phase, and counts it: the target is tried again. */
    postpone: enqueueActions(({ context, enqueue }, cause: Cause) => {
      const next = pursuit.postponed(context, endingOf(cause));
      enqueue.assign(next);
      tell(enqueue, context, pursuit.factOfDelay(next));
    }),
    noteDenial: assign((_, { topics }: { topics?: readonly string[] }) => update.deniedBy(topics)),
    suspect: assign(({ context: { trial } }) => ({ isSuspect: !trial?.isWaiting })),
    /** Charges the next delay to the wait, and reports its beginning. */
    chargeWait: enqueueActions(({ context, enqueue }) => {
      const { parent, trial, isDenied } = context;
      enqueue.assign(trials.waited(context));
      if (trial && !trial.isWaiting) tell(enqueue, { parent }, { type: 'update.waiting', version: trial.to, isDenied });
    }),
    forgetWait: assign(({ context: { trial } }) => ({
      probes: 0,
      ...(trial && { trial: { ...trial, isWaiting: false } }),
    })),
    /** Keeps and reports the failure of a phase. */
    fail: enqueueActions(({ context, enqueue }, cause: Cause) => {
      const ending = endingOf(cause);
      enqueue.assign(pursuit.failed(context, ending));
      tell(enqueue, context, update.factOfFailure(context, ending));
    }),
    failSpent: enqueueActions(({ context, enqueue }, status: FirmwareStatus) => {
      const ending = { phase: 'trial', failure: spentAfter(status) } as const;
      enqueue.assign(pursuit.failed(context, ending));
      tell(enqueue, context, update.factOfFailure(context, ending));
    }),
    failTrial: enqueueActions(({ context, enqueue }) => {
      const ending = { phase: 'trial', failure: trialFailure(context) } as const;
      enqueue.assign(update.failedWith(context, ending));
      tell(enqueue, context, update.factOfFailure(context, ending));
    }),
  },
  guards: {
    /** Whether a target is new, as no update or trial is in progress that could be for the same. */
    isBetweenUpdates: or(betweenUpdates.map((state) => stateIn(state))),
    hasNext: ({ context }) => context.next !== undefined,
    hasOutcome: ({ context }) => context.outcome !== undefined,
    hasLink: ({ context }) => context.denied?.length === 0,
    /** Whether the unit has its documents, and no link to wait for. */
    isAtWorkOverRest: ({ context }) => context.isRestOnly === true && context.isTargetDue,
    hasNoLink: ({ context }) => context.denied?.length !== 0,
    hasWait: (_, { trial }: FirmwareStatus) => trial?.isWaiting === true,
    hasWaitedEnough: ({ context }) => trials.hasWaitedEnough(context),
    isThere: (_, { isThere }: { isThere: boolean }) => isThere,
    isConvicted: ({ context }, { isThere }: { isThere: boolean }) => isThere && context.isSuspect,
    isWorthRetrying: (_, { code, ageMs }: PastFailure) => code === 'offline' || ageMs >= trials.failureIsOldAfterMs,
    hasTrial: ({ context }, status: FirmwareStatus) => update.onTrial(context, status) !== undefined,
    hasFailedBefore: ({ context }) => update.hasFailedBefore(context),
    isForApp: ({ context }) => context.handsOver && context.target.staged === undefined,
    isSameVersion: ({ context }) => update.runsAlready(context),
    /** Whether the program is replaced, and not env.json and schema.json alone. */
    isProgramReplaced: ({ context }) => context.mode !== 'env_schema_only',
    isRestarting: ({ context }) => context.mode !== 'env_schema_only' && context.mode !== 'no_restart',
    isSpent: ({ context }, status: FirmwareStatus) => !context.isSupervised && trials.isSpent(status),
    isSupervised: ({ context }) => context.isSupervised,
    /** Whether the pending update is tried again after this failure. */
    canRetry: ({ context }, cause: Cause) => pursuit.canRetry(context, failureFrom(cause)),
    /** Whether the pending update is tried again after it took too long. */
    canRetryLate: ({ context }) => pursuit.isTriedAgain(context),
    isPostponed: ({ context }) => pursuit.isPostponed(context),
    isUnwanted: ({ context }) => !pursuit.isPostponed(context),
    isUnanswered: ({ context }) => context.unanswered !== undefined,
    isAnswered: ({ context }) => context.unanswered === undefined,
    /** Whether something is to be asked or tried again. */
    hasErrand: ({ context }) => pursuit.hasErrand(context),
    hasNoErrand: ({ context }) => !pursuit.hasErrand(context),
    /** Whether an answer names the target that waits, and nobody asked to wait for longer. */
    isPursued: ({ context }, { commitVersion }: { commitVersion: string }) =>
      pursuit.isPursued(context, commitVersion) && context.pursuit?.retry.askedMs === 0,
    isTargetDue: ({ context }) => pursuit.isToBeAsked(context),
    isWorthIt: ({ context }, { commitVersion }: { commitVersion: string }) =>
      update.isWorthIt(context, commitVersion) && !pursuit.isPursued(context, commitVersion),
    /** Whether an answer is worth an attempt, and only a command has what that takes. */
    isWorthACommand: ({ context }, { commitVersion }: { commitVersion: string }) =>
      update.needsLink(context) &&
      update.isWorthIt(context, commitVersion) &&
      !pursuit.isPursued(context, commitVersion),
  },
  delays: {
    recoverWithin: 120_000,
    askWithin: 30_000,
    downloadWithin: 600_000,
    verifyWithin: 120_000,
    stageWithin: 600_000,
    swapWithin: 120_000,
    restartWithin: 120_000,
    handOverWithin: 600_000,
    discardWithin: 120_000,
    reachAgainAfter: 5_000,
    healthyWithin: ({ context }) => timerMs(trials.provingMs(context)),
    probeWithin: 10_000,
    probeAfter: ({ context }) => context.nextProbeMs,
    noteWithin: 30_000,
    recallWithin: 30_000,
    confirmWithin: 30_000,
    rollBackWithin: 120_000,
    tellWithin: 30_000,
    askAgainAfter: ({ context }) => retryMs(pursuit.questionRetry(context)),
    retryAfter: ({ context }) => retryMs(pursuit.versionRetry(context)),
  },
});

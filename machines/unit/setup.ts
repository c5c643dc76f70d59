import { assign, enqueueActions, or, setup, stateIn, type AnyActorRef } from 'xstate';
import type { Grant } from '../../services/broker.ts';
import type { Failure } from '../../services/errors.ts';
import type { SchemaTopics } from '../../services/schema.ts';
import type { FlushLogs } from '../../services/log.ts';
import type { RunMainCycle } from '../../services/main-cycle.ts';
import type { AwaitFiles, RestartingMode, RestartProcess } from '../../services/process-control.ts';
import type { ReleaseHoldings } from '../../services/shutdown.ts';
import type { UnitSettings } from '../../services/settings.ts';
import type { UpdateTarget } from '../../services/update.ts';
import { loggerMachine, type LogSinkName } from '../logger.ts';
import { mqttMachine } from '../mqtt.ts';
import { resetMachine } from '../reset.ts';
import { schemaMachine } from '../schema.ts';
import { settingsMachine } from '../settings.ts';
import { stateReporterMachine } from '../state-reporter.ts';
import { timeMachine } from '../time.ts';
import { updateMachine } from '../update.ts';
import { wifiMachine } from '../wifi.ts';
import { isBaseTopic } from '../mqtt/subscriptions.ts';
import { timerMs } from '../lib/delays.ts';
import { tell } from '../lib/parent.ts';
import { slot } from '../lib/slot.ts';
import {
  isRelayed,
  isRequestToChild,
  type ChildName,
  type PendingMessage,
  type Situation,
  type UnitContext,
  type UnitEvent,
  type UnitFact,
  type UnitInput,
} from './context.ts';
import type { CommandName } from './emitted.ts';
import { isIn, knownOf, leaving, linkless, regionOf } from './known.ts';
import { mayHaveNotice, noticeOf, type LogLine } from './notices.ts';
import { isToldAnew, messagesToStarted, withoutRequests, withoutRestarts, withPending } from './pending.ts';
import { routes, type RouteName } from './routing.ts';
import { messagesOf } from './send.ts';
import { factsAfterCrash, maxRestarts, type Crash } from './supervision.ts';

/** How long a child that failed is off, while it has a restart left and after that, milliseconds. */
const restartMs = 1000;
const pauseMs = 600_000;
/** How long it then runs until its failures are forgotten, milliseconds. */
const steadyMs = 60_000;

/** The child of that name, if it takes messages. */
const runningChild = (self: AnyActorRef, name: ChildName): AnyActorRef | undefined => {
  const child = (self.getSnapshot() as { children?: Record<string, AnyActorRef> }).children?.[name];
  return child?.getSnapshot().status === 'active' ? child : undefined;
};

/** What a state of a region invokes beside the children. */
type Errand = 'release' | 'mainCycle' | 'awaitFiles' | 'flush' | 'releaseOutbox' | 'handOver';

/** Params of what is sent to children: a route, and what a state says of itself when it is entered or left. */
type Dispatch = { route: RouteName } & Partial<Situation>;

const base = setup({
  types: {} as {
    input: UnitInput;
    context: UnitContext;
    events: UnitEvent;
    emitted: UnitFact;
    children: { [K in ChildName | Errand]: K };
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: {
    settings: settingsMachine,
    schema: schemaMachine,
    wifi: wifiMachine,
    time: timeMachine,
    mqtt: mqttMachine,
    update: updateMachine,
    logger: loggerMachine,
    stateReporter: stateReporterMachine,
    reset: resetMachine,
    release: slot<ReleaseHoldings>('unit.release'),
    mainCycle: slot<RunMainCycle>('unit.mainCycle'),
    awaitFiles: slot<AwaitFiles>('unit.awaitFiles'),
    flush: slot<FlushLogs>('unit.flush'),
    releaseOutbox: slot<ReleaseHoldings>('unit.releaseOutbox'),
    handOver: slot<RestartProcess>('unit.handOver'),
  },
  actions: {
    /** Writes a line to the unit's log; the app provides it. */
    log: (_args, _line: LogLine) => undefined,
    /** Remembers the broker of a link with all of its base topics; the app provides it. */
    noteLink: (_args, _link: { denied: readonly Grant[] }) => undefined,
    /** Ends the calls of the app under way; the app provides it. */
    endWork: (_args, _params: undefined) => undefined,
    /** Takes up again what a stop has let go; the app provides it. */
    resumeWork: (_args, _params: undefined) => undefined,
    /** Takes up again what a restart has let go; the app provides it. */
    reopenOutbox: (_args, _params: undefined) => undefined,
    /**
     * Sends the messages of a route to children; queues those for a child that is not running, but for what it is told
     * anew, and for what the app asks of one that is off.
     */
    dispatch: enqueueActions(({ context, event, enqueue, check, self }, { route, ...entered }: Dispatch) => {
      const isRequested = isRequestToChild(event);
      const undelivered: PendingMessage[] = [];
      for (const message of messagesOf(routes[route], knownOf(context, check, entered), event)) {
        const child = runningChild(self, message.to);
        if (child) enqueue.sendTo(child, message.event);
        else if (!isToldAnew(message) && !(isRequested && check(isIn(regionOf(message.to, 'failed')))))
          undelivered.push({ ...message, isRequested });
      }
      if (undelivered.length > 0)
        enqueue.assign({ pendingMessages: withPending(context.pendingMessages, undelivered) });
    }),
    /** Tells the unit itself, once the step is over, that a child runs again. */
    announce: enqueueActions(({ enqueue, self }, { child }: { child: ChildName }) => {
      enqueue.sendTo(self, { type: `${child}.started` });
    }),
    /** Sends a child that runs again its pending messages, and where the unit stands. */
    dispatchInitial: enqueueActions(({ context, event, enqueue, check, self }, { child }: { child: ChildName }) => {
      const ref = runningChild(self, child);
      if (!ref) return;
      const pending = context.pendingMessages.filter(({ to }) => to === child);
      const messages = messagesToStarted(child, knownOf(context, check), event, pending);
      for (const message of messages) enqueue.sendTo(ref, message.event);
      if (pending.length > 0)
        enqueue.assign({ pendingMessages: context.pendingMessages.filter(({ to }) => to !== child) });
    }),
    report: enqueueActions(({ context, enqueue }, fact: UnitFact) => tell(enqueue, context, fact)),
    keepSettings: assign(({ context }, { settings }: { settings: UnitSettings }) => ({
      settings,
      failure: undefined,
      logConfig: { ...context.logConfig, minLevel: settings.minLogLevel, maxLength: settings.maxLogLength },
    })),
    keepTopics: assign((_, { topics }: { topics: SchemaTopics }) => ({ topics, failure: undefined })),
    keepFailure: assign((_, { failure }: { failure: Failure }) => ({ failure })),
    keepSink: assign(({ context }, { sink, enabled }: { sink: LogSinkName; enabled: boolean }) => ({
      logConfig: { ...context.logConfig, [sink]: enabled },
    })),
    keepHandsOver: assign(({ context }, { handsOver }: { handsOver?: boolean }) => ({
      handsOver: handsOver ?? context.handsOver,
    })),
    keepPlaced: assign((_, { target }: { target: UpdateTarget }) => ({ placed: target.commitVersion })),
    keepExtraTopics: assign((_, { topics }: { topics: readonly string[] }) => ({ extraTopics: topics })),
    wantWifi: assign({ managesWifi: true, isWifiWanted: true }),
    forgetWifi: assign({ isWifiWanted: false }),
    dropRestarts: assign(({ context }) => ({ pendingMessages: withoutRestarts(context.pendingMessages) })),
    noteNetwork: assign({ hasNetwork: true }),
    noteNoNetwork: assign({ hasNetwork: false }),
    /** Notes the denied base topics, if there are any or were before. */
    noteDenied: enqueueActions(({ context, enqueue }, { denied }: { denied: readonly Grant[] }) => {
      const topics = denied.map(({ topic }) => topic).filter(isBaseTopic);
      const denial = topics.length > 0 ? { topics, linkRevision: context.settings?.linkRevision } : undefined;
      if (denial ?? context.denial) enqueue.assign({ denial });
    }),
    noteDenial: assign(({ context: { counts, settings } }) => ({
      isDenied: true,
      denial: { topics: [], linkRevision: settings?.linkRevision },
      counts: { ...counts, denials: counts.denials + 1 },
    })),
    noteGranted: assign({ isDenied: false }),
    keepMode: assign((_, { mode }: { mode: RestartingMode }) => ({ leavesBy: mode })),
    wantStart: assign({ isStartDue: true }),
    forgetStart: assign({ isStartDue: false }),
    wantLink: assign({ isLinkWanted: true }),
    dropLink: assign({ isLinkWanted: false }),
    countConnect: assign(({ context: { counts } }) => ({ counts: { ...counts, connects: counts.connects + 1 } })),
    countDisconnect: assign(({ context: { counts } }) => ({
      counts: { ...counts, disconnects: counts.disconnects + 1 },
    })),
    countReport: assign(({ context: { counts } }) => ({ counts: { ...counts, reports: counts.reports + 1 } })),
    countCommand: assign(({ context: { counts } }, { command }: { command: CommandName }) => ({
      counts: { ...counts, commands: { ...counts.commands, [command]: counts.commands[command] + 1 } },
    })),
    /**
     * Counts a child's failure, raises the facts that follow from it, and forgets it once the child has run steadily: a
     * unit none of whose children has failed has no timer for that.
     */
    noteCrash: enqueueActions(({ context, enqueue, check }, crash: Crash) => {
      const { child, isRestarted } = crash;
      const id = `steady.${child}`;
      enqueue.cancel(id);
      enqueue.raise({ type: 'child.steady', child }, { id, delay: (isRestarted ? restartMs : pauseMs) + steadyMs });
      enqueue.assign({
        restarts: { ...context.restarts, [child]: context.restarts[child] + (isRestarted ? 1 : 0) },
        counts: { ...context.counts, crashes: context.counts.crashes + 1 },
        ...(!isRestarted && { pendingMessages: withoutRequests(context.pendingMessages, child) }),
      });
      for (const fact of factsAfterCrash(crash, knownOf(context, check))) enqueue.raise(fact);
    }),
    forgetRestarts: enqueueActions(({ context, enqueue, check }, { child }: { child: ChildName }) => {
      if (check(isIn(regionOf(child, 'running')))) enqueue.assign({ restarts: { ...context.restarts, [child]: 0 } });
    }),
  },
  guards: {
    canRestart: ({ context }, { child }: { child: ChildName }) => context.restarts[child] < maxRestarts,
    isNotable: ({ event }) => isRelayed(event) || mayHaveNotice(event),
    isConfigured: ({ context }) => context.settings !== undefined && context.topics !== undefined,
    hasSettings: ({ context }) => context.settings !== undefined,
    isStartDue: ({ context }) => context.isStartDue,
    isLinkUnwanted: ({ context }) => !context.isLinkWanted,
    isRestOnly: ({ context }) => context.isRestOnly === true,
    isLeaving: or(leaving.map((state) => stateIn(state))),
    isStaying: stateIn({ program: 'running' }),
    hasNoLink: or(linkless.map((state) => stateIn(state))),
  },
  delays: {
    recoverWithin: 150_000,
    flushWithin: 1500,
    disconnectWithin: 2500,
    closeWithin: 4800,
    restartFlushWithin: 5000,
    restartDisconnectWithin: 5000,
    restartAfter: restartMs,
    retryAfter: pauseMs,
    /** The instance marks an update as failed after two intervals; the old version is not reported after that. */
    holdAfter: ({ context: { settings } }) => timerMs(2 * (settings?.stateSendIntervalMs ?? 0)),
  },
});

/** Setup of the unit's statechart: its children, actions, guards and delays. */
export const unitSetup = base.extend({
  actions: {
    /** Logs the notice of the event; emits it, and the event itself if it is a child's fact, and reports both. */
    notify: base.enqueueActions(({ context, event, enqueue, check }) => {
      const { line, emitted } = noticeOf(event, knownOf(context, check)) ?? {};
      if (line) enqueue({ type: 'log', params: line });
      if (isRelayed(event)) tell(enqueue, context, event);
      if (emitted) tell(enqueue, context, emitted);
    }),
  },
});

type StateConfig = Parameters<typeof unitSetup.createStateConfig>[0];
type OnError = NonNullable<Extract<StateConfig['invoke'], { src: 'settings' }>['onError']>;

/** A transition of a child's region when that child fails. */
export type CrashTransition = Exclude<Extract<OnError, readonly unknown[]>[number], string>;

/** A state of a child's region in which it is not running. */
export type WaitingState = Pick<StateConfig, 'description' | 'tags' | 'after'>;

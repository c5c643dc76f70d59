import { assign, emit, enqueueActions, setup } from 'xstate';
import type { Grant } from '../../services/broker.ts';
import type { Failure } from '../../services/errors.ts';
import type { SchemaTopics } from '../../services/schema.ts';
import type { UnitSettings } from '../../services/settings.ts';
import type { loggerMachine, LogSinkName } from '../logger.ts';
import type { mqttMachine } from '../mqtt.ts';
import type { schemaMachine } from '../schema.ts';
import type { settingsMachine } from '../settings.ts';
import type { stateReporterMachine } from '../state-reporter.ts';
import type { timeMachine } from '../time.ts';
import type { updateMachine } from '../update.ts';
import type { wifiMachine } from '../wifi.ts';
import { isBaseTopic } from '../mqtt/subscriptions.ts';
import { timerMs } from '../lib/delays.ts';
import { slot } from '../lib/slot.ts';
import {
  systemIds,
  type ChildName,
  type CommandName,
  type Message,
  type UnitContext,
  type UnitEmitted,
  type UnitEvent,
  type UnitInput,
} from './context.ts';
import type { LogLine } from './notices.ts';
import { briefs, held, lossOf, orders, type OrderName } from './routing.ts';

/** The end of a child that failed. */
export interface Crash {
  child: ChildName;
  failure: Failure;
  isRestarted: boolean;
}

const mostRestarts = 5;

/** What the unit's statechart is made of: its children, actions, guards and delays. */
export const unitSetup = setup({
  types: {
    input: {} as UnitInput,
    context: {} as UnitContext,
    events: {} as UnitEvent,
    emitted: {} as UnitEmitted,
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    settings: slot<typeof settingsMachine>('settings'),
    schema: slot<typeof schemaMachine>('schema'),
    wifi: slot<typeof wifiMachine>('wifi'),
    time: slot<typeof timeMachine>('time'),
    mqtt: slot<typeof mqttMachine>('mqtt'),
    update: slot<typeof updateMachine>('update'),
    logger: slot<typeof loggerMachine>('logger'),
    stateReporter: slot<typeof stateReporterMachine>('stateReporter'),
  },
  actions: {
    /** Writes a line to the unit's log; the app provides it. */
    log: (_args, _line: LogLine) => undefined,
    /** Tells children what the order says; what is for one that is not running waits for it. */
    tell: enqueueActions(({ context, event, enqueue, system }, { order }: { order: OrderName }) => {
      const undelivered: Message[] = [];
      for (const message of orders[order](context, event)) {
        const child = system.get(systemIds[message.to]);
        if (child) enqueue.sendTo(child, message.event);
        else undelivered.push(message);
      }
      if (undelivered.length > 0) enqueue.assign({ held: held(context.held, undelivered) });
    }),
    /** Tells a child that has just started what it must know. */
    brief: enqueueActions(({ context, enqueue, system }, { child }: { child: ChildName }) => {
      const ref = system.get(systemIds[child]);
      if (!ref) return;
      const waiting = context.held.filter(({ to }) => to === child);
      for (const { event } of [...briefs[child](context), ...waiting]) enqueue.sendTo(ref, event);
      enqueue.assign({ held: context.held.filter(({ to }) => to !== child) });
    }),
    /** Lets the app know. */
    announce: emit((_, news: UnitEmitted) => news),
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
    keepExtraTopics: assign((_, { topics }: { topics: readonly string[] }) => ({ extraTopics: topics })),
    noteNetwork: assign({ hasNetwork: true }),
    noteNoNetwork: assign({ hasNetwork: false }),
    noteOnline: assign({ isOnline: true }),
    noteOffline: assign({ isOnline: false }),
    noteDenied: assign((_, { denied }: { denied: readonly Grant[] }) => ({
      deniedTopics: denied.map(({ topic }) => topic).filter(isBaseTopic),
    })),
    holdReports: assign({ isReportHeld: true }),
    releaseReports: assign({ isReportHeld: false }),
    beginWork: assign({ isOperating: true, isLinkWanted: true }),
    endWork: assign({ isOperating: false }),
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
    /** Counts the failure of a child and tells what was lost with it. */
    noteCrash: enqueueActions(({ context, enqueue }, crash: Crash) => {
      const { child, failure, isRestarted } = crash;
      enqueue.assign({
        restarts: { ...context.restarts, [child]: context.restarts[child] + 1 },
        counts: { ...context.counts, crashes: context.counts.crashes + 1 },
      });
      for (const fact of lossOf(child, failure, isRestarted, context)) enqueue.raise(fact);
    }),
    forgetRestarts: assign(({ context }, { child }: { child: ChildName }) => ({
      restarts: { ...context.restarts, [child]: 0 },
    })),
  },
  guards: {
    canRestart: ({ context }, { child }: { child: ChildName }) => context.restarts[child] < mostRestarts,
    hasSettings: ({ context }) => context.settings !== undefined,
    isOperating: ({ context }) => context.isOperating,
    isStartDue: ({ context }) => context.isStartDue,
  },
  delays: {
    recoverWithin: 150_000,
    flushWithin: 1500,
    closeWithin: 4500,
    restartAfter: 1000,
    steadyAfter: 60_000,
    /** The instance marks an update failed after two intervals; the old version is not told after that. */
    holdAfter: ({ context: { settings } }) => timerMs(2 * (settings?.stateSendIntervalMs ?? 0)),
  },
});

/**
 * Reports the unit's state: once when the broker is first available, then at intervals, and at once when the version is
 * another one.
 *
 *     unconfigured ─configure─▶ due ─online─▶ collecting ─▶ publishing ─▶ resting ─reportEvery, other version─▶ due
 *                                ▲                 └──fail──────┴─▶ retrying ─retryAfter─▶ due
 *                                └──────────────────────────────────────────────────────────┘
 *
 * On hold, as during an update, it stays `due` and sends nothing.
 */
import { assign, enqueueActions, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { CollectState, PublishState, StateReport } from '../services/system.ts';
import { backoff, timerMs } from './lib/delays.ts';
import { timedOut } from './lib/failure.ts';
import { childOf, tell, type Child, type ChildInput } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

/** Configuration of the state reporter. */
export interface ReporterConfig {
  commitVersion: string;
  /** Milliseconds between reports; the instance ignores earlier ones. */
  intervalMs: number;
}

/** Events that the state reporter accepts. */
export type StateReporterEvent =
  | { type: 'broker.up' }
  | { type: 'broker.down' }
  | ({ type: 'reporter.configure' } & ReporterConfig)
  /** Report as soon as the instance accepts a report: at once after a failed one, else after the interval. */
  | { type: 'reporter.report' }
  /** Send nothing until `reporter.resume`: the version is being replaced, or no topic takes reports. */
  | { type: 'reporter.hold' }
  | { type: 'reporter.resume' };

/** Facts that the state reporter reports to its parent. */
export type StateReporterFact = { type: 'reporter.sent' } | { type: 'reporter.failed'; failure: Failure };

export interface StateReporterInput extends ChildInput<StateReporterFact> {}

export interface StateReporterContext extends ReporterConfig, Child<StateReporterFact> {
  isOnline: boolean;
  isHeld: boolean;
  /** The measured report to send. */
  measured: StateReport;
  /** The version that was measured last. */
  measuredVersion: string;
  /** Failed reports since the last success. */
  attempts: number;
  /** Failure of the last report. */
  failure?: Failure | undefined;
}

/** Margin so that no report comes too early for the instance. */
const marginMs = 1000;

export const stateReporterMachine = setup({
  types: {} as {
    input: StateReporterInput;
    context: StateReporterContext;
    events: StateReporterEvent;
    emitted: StateReporterFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: {
    collect: slot<CollectState>('stateReporter.collect'),
    publish: slot<PublishState>('stateReporter.publish'),
  },
  actions: {
    report: enqueueActions(({ context, enqueue }, fact: StateReporterFact) => tell(enqueue, context, fact)),
    reportFailure: enqueueActions(({ context, enqueue }, { failure }: { failure: Failure }) => {
      enqueue.assign({ failure, attempts: context.attempts + 1 });
      tell(enqueue, context, { type: 'reporter.failed', failure });
    }),
    keepConfig: assign((_, { commitVersion, intervalMs }: ReporterConfig) => ({ commitVersion, intervalMs })),
    keepMeasured: assign(({ context }, { measured }: { measured: StateReport }) => ({
      measured,
      measuredVersion: context.commitVersion,
    })),
    noteOnline: assign({ isOnline: true }),
    noteOffline: assign({ isOnline: false }),
    hold: assign({ isHeld: true }),
    resume: enqueueActions(({ context, enqueue }) => {
      if (context.isHeld) enqueue.assign({ isHeld: false });
    }),
    forgetAttempts: enqueueActions(({ context, enqueue }) => {
      if (context.attempts > 0) enqueue.assign({ attempts: 0, failure: undefined });
    }),
  },
  guards: {
    isOtherVersion: ({ context }) => context.commitVersion !== context.measuredVersion,
    canReport: ({ context }) => context.isOnline && !context.isHeld,
    isOtherInterval: ({ context }, { intervalMs }: { intervalMs: number }) => intervalMs !== context.intervalMs,
  },
  delays: {
    collectWithin: 10_000,
    publishWithin: 30_000,
    reportEvery: ({ context }) => timerMs(context.intervalMs + marginMs),
    retryAfter: ({ context }) => backoff(context.attempts),
  },
}).createMachine({
  id: 'stateReporter',
  description: 'Reports the state of the unit by interval.',
  context: ({ input }) => ({
    commitVersion: '',
    intervalMs: 300_000,
    isOnline: false,
    isHeld: false,
    measured: { millis: 0, pu_commit_version: '' },
    measuredVersion: '',
    attempts: 0,
    ...childOf(input),
  }),
  initial: 'unconfigured',
  on: {
    'broker.up': { actions: [{ type: 'noteOnline' }] },
    'broker.down': { actions: [{ type: 'noteOffline' }] },
    'reporter.configure': { actions: [{ type: 'keepConfig', params: ({ event }) => event }] },
    'reporter.hold': { actions: [{ type: 'hold' }] },
    'reporter.resume': { actions: [{ type: 'resume' }] },
  },
  states: {
    unconfigured: {
      description: 'Has no configuration yet.',
      on: {
        'reporter.configure': { target: 'due', actions: [{ type: 'keepConfig', params: ({ event }) => event }] },
      },
    },
    due: {
      description: 'A report is due and waits for the broker, or for the end of a hold.',
      always: { guard: 'canReport', target: 'collecting' },
    },
    collecting: {
      description: 'Measures the host; starts over when the configuration changes.',
      tags: ['busy'],
      on: {
        'reporter.hold': { target: 'due', actions: [{ type: 'hold' }] },
        'reporter.configure': { target: 'due', actions: [{ type: 'keepConfig', params: ({ event }) => event }] },
      },
      invoke: {
        id: 'collect',
        src: 'collect',
        input: ({ context }) => ({ unit: context.unit, commitVersion: context.commitVersion }),
        onDone: {
          target: 'publishing',
          actions: [{ type: 'keepMeasured', params: ({ event }) => ({ measured: event.output }) }],
        },
        onError: {
          target: 'retrying',
          actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
        },
      },
      after: {
        collectWithin: {
          target: 'retrying',
          actions: [{ type: 'reportFailure', params: { failure: timedOut('Measuring the host') } }],
        },
      },
    },
    publishing: {
      description: 'Sends the report.',
      tags: ['busy'],
      invoke: {
        id: 'publish',
        src: 'publish',
        input: ({ context }) => ({ unit: context.unit, report: context.measured }),
        onDone: {
          target: 'resting',
          actions: [{ type: 'forgetAttempts' }, { type: 'report', params: { type: 'reporter.sent' } }],
        },
        onError: {
          target: 'retrying',
          actions: [{ type: 'reportFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
        },
      },
      after: {
        publishWithin: {
          target: 'retrying',
          actions: [{ type: 'reportFailure', params: { failure: timedOut('Sending the state report') } }],
        },
      },
    },
    resting: {
      description: 'Reported; the next report is due after the interval, or as soon as the version is another one.',
      tags: ['ready'],
      always: { guard: 'isOtherVersion', target: 'due' },
      on: {
        'reporter.configure': {
          guard: { type: 'isOtherInterval', params: ({ event }) => event },
          target: 'resting',
          reenter: true,
          actions: [{ type: 'keepConfig', params: ({ event }) => event }],
        },
      },
      after: { reportEvery: { target: 'due' } },
    },
    retrying: {
      description: 'The last report failed; the next attempt comes after a growing delay.',
      tags: ['faulty'],
      on: { 'reporter.report': { target: 'due' } },
      after: { retryAfter: { target: 'due' } },
    },
  },
});

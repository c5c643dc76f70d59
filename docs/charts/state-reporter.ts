/** The chart of the stateReporter machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'broker.up'
        | 'broker.down'
        | 'reporter.configure'
        | 'reporter.hold'
        | 'reporter.resume'
        | 'reporter.report';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    collect: fromPromise(async () => undefined),
    publish: fromPromise(async () => undefined),
  },
  actions: {
    report: () => undefined,
    reportFailure: () => undefined,
    keepConfig: () => undefined,
    keepMeasured: () => undefined,
    noteOnline: () => undefined,
    noteOffline: () => undefined,
    hold: () => undefined,
    resume: () => undefined,
    forgetAttempts: () => undefined,
  },
  guards: {
    isOtherVersion: () => false,
    canReport: () => false,
    isOtherInterval: () => false,
  },
  delays: { collectWithin: 10000, publishWithin: 30000, reportEvery: 301000, retryAfter: 1000 },
}).createMachine({
  id: 'stateReporter',
  description: 'Reports the state of the unit by interval.',
  initial: 'unconfigured',
  on: {
    'broker.up': { actions: [{ type: 'noteOnline' }] },
    'broker.down': { actions: [{ type: 'noteOffline' }] },
    'reporter.configure': { actions: [{ type: 'keepConfig' }] },
    'reporter.hold': { actions: [{ type: 'hold' }] },
    'reporter.resume': { actions: [{ type: 'resume' }] },
  },
  states: {
    unconfigured: {
      description: 'Has no configuration yet.',
      on: { 'reporter.configure': { target: 'due', actions: [{ type: 'keepConfig' }] } },
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
        'reporter.configure': { target: 'due', actions: [{ type: 'keepConfig' }] },
      },
      invoke: {
        id: 'collect',
        src: 'collect',
        onDone: { target: 'publishing', actions: [{ type: 'keepMeasured' }] },
        onError: { target: 'retrying', actions: [{ type: 'reportFailure' }] },
      },
      after: {
        collectWithin: {
          target: 'retrying',
          actions: [
            {
              type: 'reportFailure',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Measuring the host took too long and was given up',
                },
              },
            },
          ],
        },
      },
    },
    publishing: {
      description: 'Sends the report.',
      tags: ['busy'],
      invoke: {
        id: 'publish',
        src: 'publish',
        onDone: {
          target: 'resting',
          actions: [{ type: 'forgetAttempts' }, { type: 'report', params: { type: 'reporter.sent' } }],
        },
        onError: { target: 'retrying', actions: [{ type: 'reportFailure' }] },
      },
      after: {
        publishWithin: {
          target: 'retrying',
          actions: [
            {
              type: 'reportFailure',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Sending the state report took too long and was given up',
                },
              },
            },
          ],
        },
      },
    },
    resting: {
      description: 'Reported; the next report is due after the interval, or as soon as the version is another one.',
      tags: ['ready'],
      always: { guard: 'isOtherVersion', target: 'due' },
      on: {
        'reporter.configure': {
          guard: { type: 'isOtherInterval' },
          target: 'resting',
          reenter: true,
          actions: [{ type: 'keepConfig' }],
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

/** The chart of the wifi machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'wifi.assume'
        | 'wifi.connect'
        | 'wifi.disconnect'
        | 'link.changed'
        | 'link.unwatchable';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    readStatus: fromPromise(async () => undefined),
    scan: fromPromise(async () => undefined),
    join: fromPromise(async () => undefined),
    watchLink: fromPromise(async () => undefined),
  },
  actions: {
    reportUp: () => undefined,
    reportUnmanaged: () => undefined,
    keepLink: () => undefined,
    forgetAttempts: () => undefined,
    reportUnwatchable: () => undefined,
    reportDown: () => undefined,
    reportFailure: () => undefined,
    keepGoal: () => undefined,
  },
  guards: {
    isOurs: () => false,
    hasLasted: () => false,
    isSameGoal: () => false,
    isUnmanaged: () => false,
    isInReach: () => false,
  },
  delays: {
    checkWithin: 10000,
    scanWithin: 20000,
    joinWithin: 10000,
    recheckAfter: 30000,
    stableAfter: 20000,
    retryAfter: 5000,
  },
}).createMachine({
  id: 'wifi',
  description: 'Keeps the station linked to the WiFi network of the unit.',
  initial: 'idle',
  on: {
    'wifi.assume': { target: '.unmanaged' },
    'wifi.connect': { target: '.checking', actions: [{ type: 'keepGoal' }] },
    'wifi.disconnect': { target: '.idle' },
  },
  states: {
    idle: { description: 'No network was requested.', entry: [{ type: 'reportDown' }] },
    unmanaged: {
      description: 'The host manages the network, which is assumed to be up.',
      tags: ['ready'],
      entry: [{ type: 'reportUp', params: {} }],
    },
    checking: {
      description: 'Asks the station for its link.',
      tags: ['busy'],
      on: { 'wifi.connect': { guard: { type: 'isSameGoal' } } },
      invoke: {
        id: 'readStatus',
        src: 'readStatus',
        onDone: [
          { guard: { type: 'isUnmanaged' }, target: 'unmanaged', actions: [{ type: 'reportUnmanaged' }] },
          { guard: { type: 'isOurs' }, target: 'linked' },
          { target: 'scanning' },
        ],
        onError: { target: 'backingOff', actions: [{ type: 'reportFailure' }] },
      },
      after: {
        checkWithin: {
          target: 'backingOff',
          actions: [
            {
              type: 'reportFailure',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Reading the state of the WiFi station took too long and was given up',
                },
              },
            },
          ],
        },
      },
    },
    scanning: {
      description: 'Not linked to the requested network, or with another password: scans for it.',
      tags: ['busy'],
      on: { 'wifi.connect': { guard: { type: 'isSameGoal' } } },
      entry: [{ type: 'reportDown' }],
      invoke: {
        id: 'scan',
        src: 'scan',
        onDone: [
          { guard: { type: 'isInReach' }, target: 'joining' },
          { target: 'backingOff', actions: [{ type: 'reportFailure' }] },
        ],
        onError: { target: 'backingOff', actions: [{ type: 'reportFailure' }] },
      },
      after: {
        scanWithin: {
          target: 'backingOff',
          actions: [
            {
              type: 'reportFailure',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Scanning for WiFi networks took too long and was given up',
                },
              },
            },
          ],
        },
      },
    },
    joining: {
      description: 'Leaves the current network and joins the requested one.',
      tags: ['busy'],
      on: { 'wifi.connect': { guard: { type: 'isSameGoal' } } },
      invoke: {
        id: 'join',
        src: 'join',
        onDone: { target: 'linked' },
        onError: { target: 'backingOff', actions: [{ type: 'reportFailure' }] },
      },
      after: {
        joinWithin: {
          target: 'backingOff',
          actions: [
            {
              type: 'reportFailure',
              params: {
                failure: {
                  name: 'TimeoutError',
                  code: 'timeout',
                  message: 'Joining the WiFi network took too long and was given up',
                },
              },
            },
          ],
        },
      },
    },
    linked: {
      description: 'Linked to the requested network.',
      tags: ['ready'],
      entry: [{ type: 'keepLink' }, { type: 'reportUp' }],
      invoke: {
        id: 'watchLink',
        src: 'watchLink',
        onError: { target: '.unwatched', actions: [{ type: 'reportUnwatchable' }] },
      },
      on: {
        'link.changed': [
          { guard: { type: 'isOurs' } },
          { guard: 'hasLasted', target: 'checking', actions: [{ type: 'reportDown' }] },
          { target: 'backingOff' },
        ],
        'link.unwatchable': { target: '.unwatched', actions: [{ type: 'reportUnwatchable' }] },
      },
      after: { stableAfter: { actions: [{ type: 'forgetAttempts' }] } },
      initial: 'watched',
      states: {
        watched: { description: 'The station reports link changes.' },
        unwatched: {
          description: 'The station does not report link changes: its link is read now and then.',
          after: { recheckAfter: { target: '#wifi.checking' } },
        },
      },
    },
    backingOff: {
      description: 'The last attempt failed, or its link did not last; the next comes after a growing delay.',
      tags: ['faulty'],
      entry: [{ type: 'reportDown' }],
      after: { retryAfter: { target: 'checking' } },
    },
  },
});

/** The chart of the mqtt machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'network.up'
        | 'network.down'
        | 'mqtt.connect'
        | 'mqtt.disconnect'
        | 'mqtt.want'
        | 'link.opened'
        | 'link.refused'
        | 'link.silent'
        | 'link.closed'
        | 'link.denied'
        | 'link.granted'
        | 'mqtt.resubscribe'
        | 'link.slow'
        | 'mqtt.retry';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    holdLink: fromPromise(async () => undefined),
    closeLink: fromPromise(async () => undefined),
  },
  actions: {
    report: () => undefined,
    reportOnline: () => undefined,
    resumeWhenGranted: () => undefined,
    reportDenied: () => undefined,
    reportStopped: () => undefined,
    reportOffline: () => undefined,
    reportFailed: () => undefined,
    noteOpen: () => undefined,
    noteNetwork: () => undefined,
    noteNoNetwork: () => undefined,
    keepWish: () => undefined,
    dropWish: () => undefined,
    countAttempt: () => undefined,
    takeNextBroker: () => undefined,
    forgetAttempts: () => undefined,
    speakOlder: () => undefined,
    forgetClosures: () => undefined,
    chooseVersion: () => undefined,
    keepTopics: () => undefined,
    watchLink: () => undefined,
    forgetAsked: () => undefined,
    forgetDenied: () => undefined,
    doubtGrants: () => undefined,
    forgetGrants: () => undefined,
    keepGrants: () => undefined,
    suspectUnanswered: () => undefined,
    reconcile: () => undefined,
  },
  guards: {
    isOpen: () => false,
    isDue: () => false,
    isNewerLink: () => false,
    isAllAnswered: () => false,
    isOlderWorthTrying: () => false,
    hasAnotherBroker: () => false,
    hasOwnTopicsDenied: () => false,
    isDenial: () => false,
    isReport: () => false,
    hasDenied: () => false,
    canBeOverTopics: () => false,
    isTakeover: () => false,
    isRefusal: () => false,
  },
  delays: {
    connectWithin: 30000,
    subscribeWithin: 30000,
    closeWithin: 3000,
    stableAfter: 20000,
    retryDeniedAfter: 15000,
    retryAfter: 1000,
    retryRefusedAfter: 5000,
    retrySlowlyAfter: 60000,
  },
}).createMachine({
  id: 'mqtt',
  description: 'Keeps one MQTT link while it is wanted, and its subscriptions as wanted.',
  initial: 'offline',
  on: {
    'network.up': { actions: [{ type: 'noteNetwork' }] },
    'network.down': { target: '.offline', actions: [{ type: 'noteNoNetwork' }] },
    'mqtt.connect': { actions: [{ type: 'keepWish' }] },
    'mqtt.disconnect': { target: '.closing', actions: [{ type: 'dropWish' }] },
    'mqtt.want': { actions: [{ type: 'keepTopics' }] },
  },
  states: {
    offline: {
      description: 'No link is wanted, or there is no network.',
      entry: [{ type: 'forgetClosures' }],
      always: { guard: 'isDue', target: 'linked' },
    },
    linked: {
      description: 'One link is being opened or is open.',
      invoke: {
        id: 'link',
        src: 'holdLink',
        onError: [
          { guard: 'isOpen', target: 'waiting.soon', actions: [{ type: 'reportOffline' }] },
          { target: 'waiting.soon', actions: [{ type: 'reportFailed' }] },
        ],
      },
      initial: 'connecting',
      states: {
        connecting: {
          description: 'Opens a link and waits for CONNACK.',
          tags: ['busy'],
          entry: [{ type: 'forgetAsked' }],
          on: {
            'mqtt.connect': {
              guard: { type: 'isNewerLink' },
              target: '#mqtt.closing',
              actions: [{ type: 'keepWish' }],
            },
            'link.opened': { target: 'open', actions: [{ type: 'noteOpen' }, { type: 'report' }] },
            'link.refused': [
              {
                guard: { type: 'isOlderWorthTrying' },
                target: '#mqtt.linked',
                reenter: true,
                actions: [{ type: 'speakOlder' }],
              },
              {
                guard: 'hasAnotherBroker',
                target: '#mqtt.linked',
                reenter: true,
                actions: [{ type: 'reportFailed' }, { type: 'takeNextBroker' }, { type: 'chooseVersion' }],
              },
              { guard: { type: 'isRefusal' }, target: '#mqtt.waiting.late', actions: [{ type: 'reportFailed' }] },
              { target: '#mqtt.waiting.soon', actions: [{ type: 'reportFailed' }] },
            ],
          },
          after: {
            connectWithin: [
              {
                guard: 'hasAnotherBroker',
                target: '#mqtt.linked',
                reenter: true,
                actions: [
                  {
                    type: 'reportFailed',
                    params: {
                      failure: {
                        name: 'TimeoutError',
                        code: 'timeout',
                        message: 'Waiting for the MQTT broker took too long and was given up',
                      },
                    },
                  },
                  { type: 'takeNextBroker' },
                  { type: 'chooseVersion' },
                ],
              },
              {
                target: '#mqtt.waiting.soon',
                actions: [
                  {
                    type: 'reportFailed',
                    params: {
                      failure: {
                        name: 'TimeoutError',
                        code: 'timeout',
                        message: 'Waiting for the MQTT broker took too long and was given up',
                      },
                    },
                  },
                ],
              },
            ],
          },
        },
        open: {
          description: 'The link is open and watched, until it is closed on request, ends, or gives no sign of life.',
          entry: [{ type: 'watchLink' }],
          on: {
            'network.down': {
              target: '#mqtt.offline',
              actions: [{ type: 'noteNoNetwork' }, { type: 'reportOffline', params: {} }],
            },
            'mqtt.disconnect': {
              target: '#mqtt.closing',
              actions: [{ type: 'dropWish' }, { type: 'reportOffline', params: {} }],
            },
            'mqtt.connect': [
              {
                guard: { type: 'isNewerLink' },
                target: '#mqtt.closing',
                actions: [{ type: 'keepWish' }, { type: 'reportOffline', params: {} }],
              },
              { actions: [{ type: 'keepWish' }, { type: 'watchLink' }] },
            ],
            'link.silent': {
              target: '#mqtt.waiting.soon',
              actions: [
                {
                  type: 'reportOffline',
                  params: {
                    failure: {
                      name: 'TimeoutError',
                      code: 'timeout',
                      message: 'The MQTT broker gave no sign of life when it was asked for one',
                    },
                  },
                },
              ],
            },
            'link.closed': [
              {
                guard: { type: 'isTakeover' },
                target: '#mqtt.waiting.displaced',
                actions: [{ type: 'reportOffline' }],
              },
              { guard: { type: 'isRefusal' }, target: '#mqtt.waiting.late', actions: [{ type: 'reportOffline' }] },
              { target: '#mqtt.waiting.soon', actions: [{ type: 'reportOffline' }] },
            ],
            'link.denied': [
              {
                guard: { type: 'isReport' },
                target: '#mqtt.waiting.late',
                actions: [
                  {
                    type: 'reportOffline',
                    params: {
                      failure: {
                        name: 'BrokerError',
                        code: 'credentials',
                        message: 'The broker denies the unit the base topics of schema.json: the instance does not answer it or has no such unit any more, or the file is that of another unit. Messages wait; the unit tries again.',
                      },
                    },
                  },
                  { type: 'reportDenied' },
                ],
              },
              { target: '.subscribing', actions: [{ type: 'doubtGrants' }] },
            ],
          },
          initial: 'subscribing',
          states: {
            subscribing: {
              description: 'Waits for the answer to each wanted topic.',
              tags: ['busy'],
              entry: [{ type: 'resumeWhenGranted' }, { type: 'reconcile' }],
              always: [
                {
                  guard: 'hasOwnTopicsDenied',
                  target: '#mqtt.waiting.late',
                  actions: [
                    {
                      type: 'reportOffline',
                      params: {
                        failure: {
                          name: 'BrokerError',
                          code: 'credentials',
                          message: 'The broker denies the unit the base topics of schema.json: the instance does not answer it or has no such unit any more, or the file is that of another unit. Messages wait; the unit tries again.',
                        },
                      },
                    },
                    { type: 'reportDenied' },
                  ],
                },
                { guard: 'isAllAnswered', target: 'online' },
              ],
              on: {
                'link.granted': { target: 'subscribing', reenter: true, actions: [{ type: 'keepGrants' }] },
                'link.closed': [
                  {
                    guard: { type: 'isDenial' },
                    target: '#mqtt.waiting.late',
                    actions: [{ type: 'reportOffline' }, { type: 'suspectUnanswered' }, { type: 'reportDenied' }],
                  },
                  {
                    guard: { type: 'canBeOverTopics' },
                    target: '#mqtt.waiting.soon',
                    actions: [{ type: 'reportOffline' }, { type: 'suspectUnanswered' }],
                  },
                ],
                'mqtt.want': { actions: [{ type: 'keepTopics' }, { type: 'reconcile' }] },
                'mqtt.resubscribe': { actions: [{ type: 'forgetGrants' }, { type: 'reconcile' }] },
                'link.slow': { target: 'subscribing', reenter: true },
              },
              after: {
                subscribeWithin: {
                  target: '#mqtt.waiting.soon',
                  actions: [
                    {
                      type: 'reportOffline',
                      params: {
                        failure: {
                          name: 'TimeoutError',
                          code: 'timeout',
                          message: 'Waiting for the MQTT broker took too long and was given up',
                        },
                      },
                    },
                    { type: 'suspectUnanswered' },
                  ],
                },
              },
            },
            online: {
              description: 'The link is open and each wanted topic was granted or denied.',
              tags: ['ready'],
              entry: [{ type: 'resumeWhenGranted' }, { type: 'reportOnline' }],
              on: {
                'link.granted': { actions: [{ type: 'keepGrants' }, { type: 'reconcile' }] },
                'mqtt.want': { target: 'subscribing', actions: [{ type: 'keepTopics' }] },
                'mqtt.resubscribe': { target: 'subscribing', actions: [{ type: 'forgetGrants' }] },
              },
              after: {
                stableAfter: { actions: [{ type: 'forgetAttempts' }] },
                retryDeniedAfter: { guard: 'hasDenied', target: 'subscribing', actions: [{ type: 'forgetDenied' }] },
              },
            },
          },
        },
      },
    },
    waiting: {
      description: 'The link ended or could not be opened; the next attempt comes after a growing delay.',
      tags: ['faulty'],
      entry: [{ type: 'countAttempt' }, { type: 'chooseVersion' }],
      on: {
        'mqtt.connect': {
          guard: { type: 'isNewerLink' },
          target: 'linked',
          actions: [{ type: 'keepWish' }, { type: 'forgetAttempts' }],
        },
      },
      initial: 'soon',
      states: {
        soon: {
          description: 'The broker is away, or ended the link: it may be back any moment.',
          on: { 'mqtt.retry': { target: '#mqtt.linked' } },
          after: { retryAfter: { target: '#mqtt.linked' } },
        },
        late: {
          description: 'The broker refuses this unit, or the instance is away and denies it its own topics.',
          after: { retryRefusedAfter: { target: '#mqtt.linked' } },
        },
        displaced: {
          description: 'Another program took the session; the next attempts are far apart.',
          on: { 'mqtt.retry': { target: '#mqtt.linked' } },
          after: { retrySlowlyAfter: { target: '#mqtt.linked' } },
        },
      },
    },
    closing: {
      description: 'Waits for the DISCONNECT of the link.',
      tags: ['busy'],
      exit: [{ type: 'reportStopped' }],
      on: {
        'network.down': { actions: [{ type: 'noteNoNetwork' }] },
        'mqtt.disconnect': { actions: [{ type: 'dropWish' }] },
      },
      invoke: { id: 'closeLink', src: 'closeLink', onDone: { target: 'offline' }, onError: { target: 'offline' } },
      after: { closeWithin: { target: 'offline' } },
    },
  },
});

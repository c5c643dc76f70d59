/**
 * Keeps one MQTT link and its subscriptions as requested, while there is a network.
 *
 *     offline ─wanted, network─▶ linked { connecting ─▶ open { subscribing ◀─▶ online } }
 *        ▲                         │  ▲
 *        │                    fail ▼  │ retryAfter | retryRefusedAfter | retrySlowlyAfter
 *     closing ◀─disconnect──── waiting { soon | late | displaced }
 *
 * Messages are held until the instance has granted the unit its own topics: while it can't be asked the broker denies
 * everything, and may remember that for as long as the connection lasts. So that ends the link.
 * Messages bypass the machine: they go from the link straight to their handlers.
 */
import { failureOf } from '../services/errors.ts';
import { ActorHandle } from './lib/parent.ts';
import { noAnswer, noSignOfLife, ownTopicsDenied } from './mqtt/disconnect-reason.ts';
import { newMqttContext } from './mqtt/context.ts';
import { mqttSetup } from './mqtt/setup.ts';

export type { MqttContext, MqttEvent, MqttFact, MqttInput } from './mqtt/context.ts';

export const mqttMachine = mqttSetup.createMachine({
  id: 'mqtt',
  description: 'Keeps one MQTT link while it is wanted, and its subscriptions as wanted.',
  context: ({ input }) => newMqttContext(input),
  initial: 'offline',
  on: {
    'network.up': { actions: [{ type: 'noteNetwork' }] },
    'network.down': { target: '.offline', actions: [{ type: 'noteNoNetwork' }] },
    'mqtt.connect': { actions: [{ type: 'keepWish', params: ({ event }) => event }] },
    'mqtt.disconnect': { target: '.closing', actions: [{ type: 'dropWish' }] },
    'mqtt.want': { actions: [{ type: 'keepTopics', params: ({ event }) => event }] },
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
        input: ({ context, self }) => ({
          unit: context.unit,
          version: context.version,
          broker: context.broker,
          owner: new ActorHandle(self),
        }),
        onError: [
          {
            guard: 'isOpen',
            target: 'waiting.soon',
            actions: [{ type: 'reportOffline', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
          },
          {
            target: 'waiting.soon',
            actions: [{ type: 'reportFailed', params: ({ event }) => ({ failure: failureOf(event.error) }) }],
          },
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
              guard: { type: 'isNewerLink', params: ({ event }) => event },
              target: '#mqtt.closing',
              actions: [{ type: 'keepWish', params: ({ event }) => event }],
            },
            'link.opened': {
              target: 'open',
              actions: [
                { type: 'noteOpen', params: ({ event }) => event },
                {
                  type: 'report',
                  params: ({ context, event }) => ({
                    type: 'mqtt.connected',
                    sessionPresent: event.sessionPresent,
                    version: context.version,
                    ...(context.isDenied && { isRepeated: true }),
                  }),
                },
              ],
            },
            'link.refused': [
              {
                guard: { type: 'isOlderWorthTrying', params: ({ event }) => event },
                target: '#mqtt.linked',
                reenter: true,
                actions: [{ type: 'speakOlder' }],
              },
              {
                guard: 'hasAnotherBroker',
                target: '#mqtt.linked',
                reenter: true,
                actions: [
                  { type: 'reportFailed', params: ({ event }) => event },
                  { type: 'takeNextBroker' },
                  { type: 'chooseVersion' },
                ],
              },
              {
                guard: { type: 'isRefusal', params: ({ event }) => event },
                target: '#mqtt.waiting.late',
                actions: [{ type: 'reportFailed', params: ({ event }) => event }],
              },
              {
                target: '#mqtt.waiting.soon',
                actions: [{ type: 'reportFailed', params: ({ event }) => event }],
              },
            ],
          },
          after: {
            connectWithin: [
              {
                guard: 'hasAnotherBroker',
                target: '#mqtt.linked',
                reenter: true,
                actions: [
                  { type: 'reportFailed', params: { failure: noAnswer } },
                  { type: 'takeNextBroker' },
                  { type: 'chooseVersion' },
                ],
              },
              { target: '#mqtt.waiting.soon', actions: [{ type: 'reportFailed', params: { failure: noAnswer } }] },
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
                guard: { type: 'isNewerLink', params: ({ event }) => event },
                target: '#mqtt.closing',
                actions: [
                  { type: 'keepWish', params: ({ event }) => event },
                  { type: 'reportOffline', params: {} },
                ],
              },
              { actions: [{ type: 'keepWish', params: ({ event }) => event }, { type: 'watchLink' }] },
            ],
            'link.silent': {
              target: '#mqtt.waiting.soon',
              actions: [{ type: 'reportOffline', params: { failure: noSignOfLife } }],
            },
            'link.closed': [
              {
                guard: { type: 'isTakeover', params: ({ event }) => event },
                target: '#mqtt.waiting.displaced',
                actions: [{ type: 'reportOffline', params: ({ event }) => event }],
              },
              {
                guard: { type: 'isRefusal', params: ({ event }) => event },
                target: '#mqtt.waiting.late',
                actions: [{ type: 'reportOffline', params: ({ event }) => event }],
              },
              {
                target: '#mqtt.waiting.soon',
                actions: [{ type: 'reportOffline', params: ({ event }) => event }],
              },
            ],
            'link.denied': [
              {
                guard: { type: 'isReport', params: ({ event }) => event },
                target: '#mqtt.waiting.late',
                actions: [{ type: 'reportOffline', params: { failure: ownTopicsDenied } }, { type: 'reportDenied' }],
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
                  actions: [{ type: 'reportOffline', params: { failure: ownTopicsDenied } }, { type: 'reportDenied' }],
                },
                { guard: 'isAllAnswered', target: 'online' },
              ],
              on: {
                'link.granted': {
                  target: 'subscribing',
                  reenter: true,
                  actions: [{ type: 'keepGrants', params: ({ event }) => event }],
                },
                'link.closed': [
                  {
                    guard: { type: 'isDenial', params: ({ event }) => event },
                    target: '#mqtt.waiting.late',
                    actions: [
                      { type: 'reportOffline', params: ({ event }) => event },
                      { type: 'suspectUnanswered' },
                      { type: 'reportDenied' },
                    ],
                  },
                  {
                    guard: { type: 'canBeOverTopics', params: ({ event }) => event },
                    target: '#mqtt.waiting.soon',
                    actions: [{ type: 'reportOffline', params: ({ event }) => event }, { type: 'suspectUnanswered' }],
                  },
                ],
                'mqtt.want': { actions: [{ type: 'keepTopics', params: ({ event }) => event }, { type: 'reconcile' }] },
                'mqtt.resubscribe': { actions: [{ type: 'forgetGrants' }, { type: 'reconcile' }] },
                'link.slow': { target: 'subscribing', reenter: true },
              },
              after: {
                subscribeWithin: {
                  target: '#mqtt.waiting.soon',
                  actions: [{ type: 'reportOffline', params: { failure: noAnswer } }, { type: 'suspectUnanswered' }],
                },
              },
            },
            online: {
              description: 'The link is open and each wanted topic was granted or denied.',
              tags: ['ready'],
              entry: [{ type: 'resumeWhenGranted' }, { type: 'reportOnline' }],
              on: {
                'link.granted': {
                  actions: [{ type: 'keepGrants', params: ({ event }) => event }, { type: 'reconcile' }],
                },
                'mqtt.want': { target: 'subscribing', actions: [{ type: 'keepTopics', params: ({ event }) => event }] },
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
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'linked',
          actions: [{ type: 'keepWish', params: ({ event }) => event }, { type: 'forgetAttempts' }],
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
      invoke: {
        id: 'closeLink',
        src: 'closeLink',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: { target: 'offline' },
        onError: { target: 'offline' },
      },
      after: { closeWithin: { target: 'offline' } },
    },
  },
});

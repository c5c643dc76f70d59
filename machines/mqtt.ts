/**
 * Keeps one MQTT link and its subscriptions as requested, while there is a network.
 *
 *     offline ─wanted, network─▶ linked { connecting ─▶ subscribing ◀─▶ online { quiet ◀─▶ pinging } }
 *        ▲                         │  ▲
 *        │                    fail ▼  │ retryAfter | retryRefusedAfter | retrySlowlyAfter
 *     closing ◀─disconnect─ backingOff | refused | denied | displaced
 *
 * Messages are held until the instance has granted the unit its own topics: while it can't be asked the broker denies
 * everything, and may remember that for as long as the connection lasts. So that ends the link (`denied`).
 * Messages bypass the machine: they go from the link straight to their handlers.
 */
import { disconnectReason } from './mqtt/disconnect-reason.ts';
import { newMqttContext } from './mqtt/context.ts';
import { mqttSetup } from './mqtt/setup.ts';

export type { MqttContext, MqttEvent, MqttFact, MqttInput } from './mqtt/context.ts';

export const mqttMachine = mqttSetup.createMachine({
  id: 'mqtt',
  description: 'Keeps one MQTT link while it is wanted, and its subscriptions as wanted.',
  context: ({ input }) => newMqttContext(input),
  entry: [{ type: 'report', params: { type: 'mqtt.ready' } }],
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
      always: { guard: 'isDue', target: 'linked' },
    },
    linked: {
      description: 'One link is being opened or is open.',
      exit: [{ type: 'reportEnd', params: ({ event }) => disconnectReason(event) }],
      invoke: {
        id: 'link',
        src: 'holdLink',
        input: ({ context, self }) => ({ version: context.version, broker: context.broker, owner: self }),
        onError: { target: 'backingOff' },
      },
      on: {
        'mqtt.connect': {
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'closing',
          actions: [{ type: 'keepWish', params: ({ event }) => event }],
        },
        'link.closed': [
          { guard: { type: 'isTakeover', params: ({ event }) => event }, target: 'displaced' },
          { guard: { type: 'isRefusal', params: ({ event }) => event }, target: 'refused' },
          { target: 'backingOff' },
        ],
        'link.denied': [
          { guard: { type: 'isReport', params: ({ event }) => event }, target: 'denied' },
          { target: '.subscribing', actions: [{ type: 'doubtGrants' }] },
        ],
      },
      initial: 'connecting',
      states: {
        connecting: {
          description: 'Opens a link and waits for CONNACK.',
          tags: ['busy'],
          entry: [{ type: 'forgetAsked' }],
          on: {
            'link.opened': {
              target: 'subscribing',
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
                actions: [{ type: 'takeNextBroker' }, { type: 'chooseVersion' }],
              },
              { guard: { type: 'isRefusal', params: ({ event }) => event }, target: '#mqtt.refused' },
              { target: '#mqtt.backingOff' },
            ],
          },
          after: {
            connectWithin: [
              {
                guard: 'hasAnotherBroker',
                target: '#mqtt.linked',
                reenter: true,
                actions: [{ type: 'takeNextBroker' }, { type: 'chooseVersion' }],
              },
              { target: '#mqtt.backingOff' },
            ],
          },
        },
        subscribing: {
          description: 'Waits for the answer to each wanted topic.',
          tags: ['busy'],
          entry: [{ type: 'resumeWhenGranted' }, { type: 'reconcile' }],
          always: [
            { guard: 'hasOwnTopicsDenied', target: '#mqtt.denied' },
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
                target: '#mqtt.denied',
                actions: [{ type: 'suspectUnanswered' }],
              },
              {
                guard: { type: 'canBeOverTopics', params: ({ event }) => event },
                target: '#mqtt.backingOff',
                actions: [{ type: 'suspectUnanswered' }],
              },
            ],
            'mqtt.want': { actions: [{ type: 'keepTopics', params: ({ event }) => event }, { type: 'reconcile' }] },
            'mqtt.resubscribe': { actions: [{ type: 'forgetGrants' }, { type: 'reconcile' }] },
            'link.slow': { target: 'subscribing', reenter: true },
          },
          after: { subscribeWithin: { target: '#mqtt.backingOff', actions: [{ type: 'suspectUnanswered' }] } },
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
          initial: 'quiet',
          states: {
            quiet: {
              description: 'The broker answered a ping not long ago.',
              after: { pingAfter: { target: 'pinging' } },
            },
            pinging: {
              description: 'Waits for the answer to a ping; a link without one is dead.',
              entry: [{ type: 'ping' }],
              on: { 'link.alive': { target: 'quiet' } },
              after: { answerWithin: { target: '#mqtt.backingOff' } },
            },
          },
        },
      },
    },
    backingOff: {
      description: 'The link ended or could not be opened; the next attempt comes after a growing delay.',
      tags: ['faulty'],
      entry: [{ type: 'countAttempt' }, { type: 'chooseVersion' }],
      on: {
        'mqtt.retry': { target: 'linked' },
        'mqtt.connect': {
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'linked',
          actions: [{ type: 'keepWish', params: ({ event }) => event }, { type: 'forgetAttempts' }],
        },
      },
      after: { retryAfter: { target: 'linked' } },
    },
    refused: {
      description: 'The broker refuses this unit; the next attempt comes after a delay from seconds to the spread.',
      tags: ['faulty'],
      entry: [{ type: 'countAttempt' }, { type: 'chooseVersion' }],
      on: {
        'mqtt.connect': {
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'linked',
          actions: [{ type: 'keepWish', params: ({ event }) => event }, { type: 'forgetAttempts' }],
        },
      },
      after: { retryRefusedAfter: { target: 'linked' } },
    },
    denied: {
      description: 'The instance is away: the broker denies the unit its own topics. Messages wait.',
      tags: ['faulty'],
      entry: [{ type: 'reportDenied' }, { type: 'countAttempt' }, { type: 'chooseVersion' }],
      on: {
        'mqtt.connect': {
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'linked',
          actions: [{ type: 'keepWish', params: ({ event }) => event }, { type: 'forgetAttempts' }],
        },
      },
      after: { retryRefusedAfter: { target: 'linked' } },
    },
    displaced: {
      description: 'Another program took the session; the next attempts are far apart.',
      tags: ['faulty'],
      entry: [{ type: 'countAttempt' }, { type: 'chooseVersion' }],
      on: {
        'mqtt.retry': { target: 'linked' },
        'mqtt.connect': {
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'linked',
          actions: [{ type: 'keepWish', params: ({ event }) => event }, { type: 'forgetAttempts' }],
        },
      },
      after: { retrySlowlyAfter: { target: 'linked' } },
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

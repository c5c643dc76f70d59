/**
 * Keeps one MQTT link while it is wanted and there is a network, and its subscriptions as wanted.
 *
 *     offline ─wanted, network─▶ linked { connecting ─▶ subscribing ◀─▶ online }
 *        ▲                         │  ▲
 *        │                    fail ▼  │ retryAfter | retrySlowlyAfter
 *     closing ◀─disconnect─ backingOff | refused
 *
 * Messages do not come this way: they go from the link straight to their handlers.
 */
import { assign, enqueueActions, sendTo, setup } from 'xstate';
import type { CloseLink, Grant, HoldLink } from '../services/broker.ts';
import type { Failure } from '../services/errors.ts';
import { backoff } from './lib/backoff.ts';
import { canFallBack, endOf, isRefusal, versionAfter } from './lib/link-end.ts';
import { newMqttContext, type MqttContext, type MqttEvent, type MqttFact, type MqttInput } from './lib/mqtt-context.ts';
import { slot } from './lib/slot.ts';
import * as subscriptions from './lib/subscriptions.ts';

export type { MqttContext, MqttEvent, MqttFact, MqttInput } from './lib/mqtt-context.ts';

export const mqttMachine = setup({
  types: {
    input: {} as MqttInput,
    context: {} as MqttContext,
    events: {} as MqttEvent,
    tags: {} as 'busy' | 'ready' | 'faulty',
    children: {} as { link: 'holdLink'; closeLink: 'closeLink' },
  },
  actors: { holdLink: slot<HoldLink>('mqtt.holdLink'), closeLink: slot<CloseLink>('mqtt.closeLink') },
  actions: {
    report: sendTo(
      ({ context }) => context.parent,
      (_, fact: MqttFact) => fact,
    ),
    reportOnline: sendTo(
      ({ context }) => context.parent,
      ({ context }): MqttFact => ({ type: 'mqtt.online', granted: context.granted.length, denied: context.denied }),
    ),
    reportStopped: enqueueActions(({ context, enqueue }) => {
      if (!context.isWanted) enqueue.sendTo(context.parent, { type: 'mqtt.stopped' });
    }),
    /** Tells the end of an open link, or of an attempt that is not followed by another at once. */
    reportEnd: enqueueActions(({ context, enqueue }, { failure }: { failure?: Failure }) => {
      const why = failure === undefined ? {} : { failure };
      enqueue.assign({ isOpen: false, ...why });
      if (context.isOpen) enqueue.sendTo(context.parent, { type: 'mqtt.offline', ...why });
      else if (failure && !canFallBack(context, failure))
        enqueue.sendTo(context.parent, { type: 'mqtt.failed', failure });
    }),
    noteOpen: assign(({ context }, { sessionPresent }: { sessionPresent: boolean }) => ({
      isOpen: true,
      failure: undefined,
      provenVersion: context.version,
      ...subscriptions.onNewLink(context, sessionPresent),
    })),
    noteNetwork: assign({ hasNetwork: true }),
    noteNoNetwork: assign({ hasNetwork: false }),
    keepWish: assign((_, { linkRevision }: { linkRevision: number }) => ({ isWanted: true, linkRevision })),
    dropWish: assign({ isWanted: false }),
    countAttempt: assign(({ context }) => ({ attempts: context.attempts + 1 })),
    forgetAttempts: assign({ attempts: 0 }),
    speakOlder: assign({ version: 4 as const }),
    chooseVersion: assign(({ context }) => versionAfter(context, context.failure)),
    keepTopics: assign((_, { topics }: { topics: readonly string[] }) => subscriptions.wanting(topics)),
    forgetGrants: assign({ asked: [], granted: [], denied: [] }),
    keepGrants: assign(({ context }, { grants }: { grants: readonly Grant[] }) =>
      subscriptions.answered(context, grants),
    ),
    /** Asks for what is missing, drops what is not wanted any more, leaves the rest alone. */
    reconcile: enqueueActions(({ context, enqueue }) => {
      const toAsk = subscriptions.topicsToAsk(context);
      const toDrop = subscriptions.topicsToDrop(context);
      enqueue.assign({
        asked: [...context.asked, ...toAsk],
        granted: context.granted.filter((topic) => !toDrop.includes(topic)),
      });
      if (toDrop.length > 0) enqueue.sendTo('link', { type: 'link.unsubscribe', topics: toDrop });
      if (toAsk.length > 0) enqueue.sendTo('link', { type: 'link.subscribe', topics: toAsk });
    }),
  },
  guards: {
    isDue: ({ context }) => context.isWanted && context.hasNetwork,
    isNewerLink: ({ context }, { linkRevision }: { linkRevision: number }) => linkRevision > context.linkRevision,
    isAllAnswered: ({ context }) => subscriptions.topicsUnanswered(context).length === 0,
    isOlderWorthTrying: ({ context }, { failure }: { failure: Failure }) => canFallBack(context, failure),
    isRefusal: (_, { failure }: { failure: Failure }) => isRefusal(failure),
  },
  delays: {
    connectWithin: 30_000,
    subscribeWithin: 30_000,
    closeWithin: 3000,
    stableAfter: 30_000,
    /** The longest wait; the app draws the wait from it, so that a fleet does not come back in one second. */
    retryAfter: ({ context }) => backoff(context.attempts),
    retrySlowlyAfter: ({ context }) => backoff(context.attempts, 60_000, 300_000),
  },
}).createMachine({
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
      exit: [{ type: 'reportEnd', params: ({ event }) => endOf(event) }],
      invoke: {
        id: 'link',
        src: 'holdLink',
        input: ({ context }) => ({ version: context.version }),
        onError: { target: 'backingOff' },
      },
      on: {
        'mqtt.connect': {
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'closing',
          actions: [{ type: 'keepWish', params: ({ event }) => event }],
        },
        'link.closed': [
          { guard: { type: 'isRefusal', params: ({ event }) => event }, target: 'refused' },
          { target: 'backingOff' },
        ],
      },
      initial: 'connecting',
      states: {
        connecting: {
          description: 'Opens a link and waits for CONNACK.',
          tags: ['busy'],
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
              { guard: { type: 'isRefusal', params: ({ event }) => event }, target: '#mqtt.refused' },
              { target: '#mqtt.backingOff' },
            ],
          },
          after: { connectWithin: { target: '#mqtt.backingOff' } },
        },
        subscribing: {
          description: 'Waits for the answer to each wanted topic.',
          tags: ['busy'],
          entry: [{ type: 'reconcile' }],
          always: { guard: 'isAllAnswered', target: 'online' },
          on: {
            'link.granted': {
              actions: [{ type: 'keepGrants', params: ({ event }) => event }, { type: 'reconcile' }],
            },
            'mqtt.want': { actions: [{ type: 'keepTopics', params: ({ event }) => event }, { type: 'reconcile' }] },
            'mqtt.resubscribe': { actions: [{ type: 'forgetGrants' }, { type: 'reconcile' }] },
          },
          after: { subscribeWithin: { target: '#mqtt.backingOff' } },
        },
        online: {
          description: 'The link is open and each wanted topic was granted or denied.',
          tags: ['ready'],
          entry: [{ type: 'reportOnline' }],
          on: {
            'link.granted': {
              actions: [{ type: 'keepGrants', params: ({ event }) => event }, { type: 'reconcile' }],
            },
            'mqtt.want': { target: 'subscribing', actions: [{ type: 'keepTopics', params: ({ event }) => event }] },
            'mqtt.resubscribe': { target: 'subscribing', actions: [{ type: 'forgetGrants' }] },
          },
          after: { stableAfter: { actions: [{ type: 'forgetAttempts' }] } },
        },
      },
    },
    backingOff: {
      description: 'The link ended or could not be opened; the next attempt comes after a growing wait.',
      tags: ['faulty'],
      entry: [{ type: 'countAttempt' }, { type: 'chooseVersion' }],
      on: {
        'mqtt.connect': {
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'linked',
          actions: [{ type: 'keepWish', params: ({ event }) => event }, { type: 'forgetAttempts' }],
        },
      },
      after: { retryAfter: { target: 'linked' } },
    },
    refused: {
      description: 'The broker does not want this unit as it is; asking again soon would not help.',
      tags: ['faulty'],
      entry: [{ type: 'countAttempt' }, { type: 'chooseVersion' }],
      on: {
        'mqtt.connect': {
          guard: { type: 'isNewerLink', params: ({ event }) => event },
          target: 'linked',
          actions: [{ type: 'keepWish', params: ({ event }) => event }, { type: 'forgetAttempts' }],
        },
      },
      after: { retrySlowlyAfter: { target: 'linked' } },
    },
    closing: {
      description: 'Waits until the link has said DISCONNECT.',
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

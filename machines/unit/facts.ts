import { lineOf } from './notices.ts';
import { newsOf } from './news.ts';
import { unitSetup } from './setup.ts';

/** What is done with requests and facts, however far the unit is. */
export const duties = unitSetup.createStateConfig({
  description: 'What is done with requests and facts, however far the unit is.',
  on: {
    'settings.ready': { actions: [{ type: 'brief', params: { child: 'settings' } }] },
    'schema.ready': { actions: [{ type: 'brief', params: { child: 'schema' } }] },
    'wifi.ready': { actions: [{ type: 'brief', params: { child: 'wifi' } }] },
    'time.ready': { actions: [{ type: 'brief', params: { child: 'time' } }] },
    'mqtt.ready': { actions: [{ type: 'brief', params: { child: 'mqtt' } }] },
    'update.ready': { actions: [{ type: 'brief', params: { child: 'update' } }] },
    'logger.ready': { actions: [{ type: 'brief', params: { child: 'logger' } }] },
    'reporter.ready': { actions: [{ type: 'brief', params: { child: 'stateReporter' } }] },
    'settings.load': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'settings.refresh': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'schema.load': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'schema.refresh': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'time.sync': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'mqtt.resubscribe': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'update.start': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'logger.sync': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'reporter.report': { actions: [{ type: 'tell', params: { order: 'pass' } }] },
    'update.configure': {
      actions: [
        { type: 'keepHandsOver', params: ({ event }) => event },
        { type: 'tell', params: { order: 'pass' } },
      ],
    },
    'logger.toggle': {
      actions: [
        { type: 'keepSink', params: ({ event }) => event },
        { type: 'tell', params: { order: 'pass' } },
      ],
    },
    'mqtt.connect': { actions: [{ type: 'wantLink' }, { type: 'tell', params: { order: 'keepLink' } }] },
    'mqtt.disconnect': { actions: [{ type: 'dropLink' }, { type: 'tell', params: { order: 'pass' } }] },
    'mqtt.alsoWant': {
      actions: [
        { type: 'keepExtraTopics', params: ({ event }) => event },
        { type: 'tell', params: { order: 'wantTopics' } },
      ],
    },
    'wifi.connect': { actions: [{ type: 'tell', params: { order: 'bringWifiUp' } }] },
    'settings.loaded': {
      actions: [
        { type: 'tell', params: { order: 'rejoinWifi' } },
        { type: 'keepSettings', params: ({ event }) => event },
        { type: 'tell', params: { order: 'applySettings' } },
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'settings.failed': {
      actions: [
        { type: 'keepFailure', params: ({ event }) => event },
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'schema.loaded': {
      actions: [
        { type: 'keepTopics', params: ({ event }) => event },
        { type: 'tell', params: { order: 'wantTopics' } },
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'schema.failed': {
      actions: [
        { type: 'keepFailure', params: ({ event }) => event },
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'wifi.up': {
      actions: [
        { type: 'noteNetwork' },
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'tell', params: { order: 'passNetworkOn' } },
      ],
    },
    'wifi.down': [
      {
        guard: 'isOperating',
        actions: [
          { type: 'noteNoNetwork' },
          { type: 'log', params: ({ event }) => lineOf(event) },
          { type: 'tell', params: { order: 'passNetworkOn' } },
        ],
      },
      { actions: [{ type: 'noteNoNetwork' }, { type: 'tell', params: { order: 'passNetworkOn' } }] },
    ],
    'wifi.failed': { actions: [{ type: 'log', params: ({ event }) => lineOf(event) }] },
    'time.synced': { actions: [{ type: 'announce', params: ({ event }) => newsOf(event) }] },
    'time.failed': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'mqtt.connected': {
      actions: [{ type: 'countConnect' }, { type: 'log', params: ({ event }) => lineOf(event) }],
    },
    'mqtt.online': {
      actions: [
        { type: 'noteDenied', params: ({ event }) => event },
        { type: 'tell', params: { order: 'passHealthOn' } },
        { type: 'log', params: ({ event }) => lineOf(event) },
      ],
    },
    'mqtt.offline': {
      actions: [{ type: 'countDisconnect' }, { type: 'log', params: ({ event }) => lineOf(event) }],
    },
    'mqtt.failed': { actions: [{ type: 'log', params: ({ event }) => lineOf(event) }] },
    'mqtt.stopped': { actions: [{ type: 'announce', params: ({ event }) => newsOf(event) }] },
    'update.began': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'update.skipped': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'update.repeated': { actions: [{ type: 'log', params: ({ event }) => lineOf(event) }] },
    'update.refused': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'update.tried': { actions: [{ type: 'log', params: ({ event }) => lineOf(event) }] },
    'update.confirmed': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'update.rolledBack': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'update.targetUnknown': { actions: [{ type: 'log', params: ({ event }) => lineOf(event) }] },
    'update.targetNotAsked': { actions: [{ type: 'log', params: ({ event }) => lineOf(event) }] },
    'update.swapped': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'update.handedOver': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'update.failed': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'update.finished': {
      actions: [
        { type: 'announce', params: ({ event }) => newsOf(event) },
        { type: 'tell', params: { order: 'reloadFiles' } },
      ],
    },
    'logger.synced': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'logger.failed': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
    'reporter.sent': {
      actions: [{ type: 'countReport' }, { type: 'announce', params: ({ event }) => newsOf(event) }],
    },
    'reporter.failed': {
      actions: [
        { type: 'log', params: ({ event }) => lineOf(event) },
        { type: 'announce', params: ({ event }) => newsOf(event) },
      ],
    },
  },
});

import { lineOf } from './notices.ts';
import { misconfigured, newsOf } from './news.ts';
import { unitSetup } from './setup.ts';

/** How far the unit is. */
export const lifecycle = unitSetup.createStateConfig({
  description: 'How far the unit is.',
  initial: 'idle',
  states: {
    idle: {
      description: 'Not started.',
      on: { 'unit.start': { target: 'recovering' }, 'unit.stop': { target: 'stopped' } },
    },
    recovering: {
      description: 'Waits until what an update has left is carried out, before any file is read.',
      tags: ['busy'],
      entry: [{ type: 'tell', params: { order: 'recover' } }],
      on: {
        'update.ready': { actions: [{ type: 'tell', params: { order: 'recover' } }] },
        'update.recovered': { target: 'loadingSettings' },
        'update.tried': { target: 'loadingSettings' },
        'update.settled': { target: 'loadingSettings' },
        'unit.stop': { target: 'closing' },
      },
      after: { recoverWithin: { target: 'loadingSettings' } },
    },
    loadingSettings: {
      description: 'Waits for env.json to be read.',
      tags: ['busy'],
      entry: [{ type: 'tell', params: { order: 'loadSettings' } }],
      on: {
        'settings.ready': { actions: [{ type: 'tell', params: { order: 'loadSettings' } }] },
        'settings.loaded': { target: 'loadingSchema' },
        'settings.failed': { target: 'misconfigured' },
        'unit.stop': { target: 'closing' },
      },
    },
    loadingSchema: {
      description: 'Waits for schema.json to be read.',
      tags: ['busy'],
      entry: [{ type: 'tell', params: { order: 'loadSchema' } }],
      on: {
        'schema.ready': { actions: [{ type: 'tell', params: { order: 'loadSchema' } }] },
        'schema.loaded': { target: 'operating' },
        'schema.failed': { target: 'misconfigured' },
        'unit.stop': { target: 'closing' },
      },
    },
    misconfigured: {
      description: 'env.json or schema.json can not be used; goes on as soon as it can.',
      tags: ['faulty'],
      entry: [{ type: 'announce', params: ({ context }) => misconfigured(context) }],
      on: {
        'unit.start': { target: 'recovering' },
        'settings.loaded': { target: 'loadingSchema' },
        'schema.loaded': { guard: 'hasSettings', target: 'operating' },
        'unit.stop': { target: 'stopped' },
      },
    },
    operating: {
      description: 'Does its work, whether the broker is there or not.',
      tags: ['ready'],
      entry: [
        { type: 'beginWork' },
        { type: 'tell', params: { order: 'wantTopics' } },
        { type: 'tell', params: { order: 'bringWifiUp' } },
      ],
      exit: [{ type: 'endWork' }],
      on: {
        'command.received': {
          actions: [
            { type: 'countCommand', params: ({ event }) => event },
            { type: 'log', params: ({ event }) => lineOf(event) },
            { type: 'announce', params: ({ event }) => newsOf(event) },
            { type: 'tell', params: { order: 'obey' } },
          ],
        },
        'unit.stop': { target: 'closing' },
      },
      initial: 'offline',
      states: {
        offline: {
          description: 'No link, or its topics are not answered yet.',
          on: { 'mqtt.online': { target: 'online' } },
        },
        online: {
          description: 'The link is open and the topics are subscribed to.',
          entry: [
            { type: 'noteOnline' },
            { type: 'tell', params: { order: 'passBrokerOn' } },
            { type: 'tell', params: { order: 'passHealthOn' } },
            { type: 'announce', params: { type: 'online' } },
          ],
          exit: [
            { type: 'noteOffline' },
            { type: 'tell', params: { order: 'passBrokerOn' } },
            { type: 'tell', params: { order: 'passHealthOn' } },
            { type: 'announce', params: { type: 'offline' } },
          ],
          on: { 'mqtt.offline': { target: 'offline' } },
        },
      },
    },
    closing: {
      description: 'Ends in order, within a limit; a start that is asked for meanwhile comes after.',
      tags: ['busy'],
      on: {
        'unit.start': { actions: [{ type: 'wantStart' }] },
        'unit.stop': { actions: [{ type: 'forgetStart' }] },
      },
      after: { closeWithin: { target: 'stopped' } },
      initial: 'flushing',
      states: {
        flushing: {
          description: 'Waits until the log is out.',
          entry: [{ type: 'tell', params: { order: 'flushLog' } }],
          on: {
            'logger.flushed': { target: 'disconnecting' },
            'logger.failed': { target: 'disconnecting' },
          },
          after: { flushWithin: { target: 'disconnecting' } },
        },
        disconnecting: {
          description: 'Waits until the link is closed.',
          entry: [{ type: 'tell', params: { order: 'leaveNetwork' } }],
          on: { 'mqtt.stopped': { target: '#unit.lifecycle.stopped' } },
        },
      },
    },
    stopped: {
      description: 'Ended; can be started again.',
      entry: [{ type: 'announce', params: { type: 'stopped' } }],
      exit: [{ type: 'forgetStart' }],
      always: { guard: 'isStartDue', target: 'recovering' },
      on: { 'unit.start': { target: 'recovering' } },
    },
  },
});

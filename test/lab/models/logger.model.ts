import { expect } from 'vitest';
import { loggerMachine, type LoggerContext } from '../../../machines/logger.ts';
import { BrokerError } from '../../../services/errors.ts';
import { defineModel, type Seen } from './model.ts';

const config = { minLevel: 'Info', maxLength: 64, console: true, file: true, mqtt: true } as const;

const hasAppliedConfig = ({ context, done }: Seen<LoggerContext>): void =>
  expect(done('applyConfig').at(-1)).toEqual(context.config);

const hasFailed =
  (code: string) =>
  ({ context, news }: Seen<LoggerContext>): void => {
    expect(context.failure?.code).toBe(code);
    expect(news).toEqual([{ type: 'logger.failed', failure: context.failure }]);
  };

export const loggerModel = defineModel<typeof loggerMachine>({
  machine: loggerMachine,
  input: { config },
  recorded: ['applyConfig', 'markSync'],
  events: [
    { type: 'broker.up' },
    { type: 'broker.down' },
    { type: 'logger.configure', minLevel: 'Debug', maxLength: 8 },
    { type: 'logger.toggle', sink: 'mqtt', enabled: false },
    { type: 'logger.sync' },
    { type: 'logger.flush' },
  ],
  outputs: { sendStored: [0, 12] },
  errors: { sendStored: [new Error('no schema'), new BrokerError('closed', 'The link is down')] },
  regions: [
    {
      name: 'all',
      key: ({ config: { minLevel, mqtt }, isOnline, isSyncDue, goesOn, cuts, isFlushDue }) => [
        minLevel,
        mqtt,
        isOnline,
        isSyncDue,
        goesOn,
        Math.min(cuts, 2),
        isFlushDue,
      ],
    },
  ],
  outcomes: {
    'broker.up': ({ context }) => expect(context.isOnline).toBe(true),
    'broker.down': ({ context }) => expect(context.isOnline).toBe(false),
    'logger.configure': ({ context }) => expect(context.config).toMatchObject({ minLevel: 'Debug', maxLength: 8 }),
    'logger.sync': ({ done, snapshot }) => {
      expect(done('markSync').length).toBeGreaterThan(0);
      expect(snapshot.value).not.toBe('syncing');
    },
    'logger.toggle': ({ context }) => expect(context.config.mqtt).toBe(false),
    'xstate.done.actor.sendStored': ({ context, last, news }) => {
      expect(news).toEqual([{ type: 'logger.synced', entries: last['output'] }]);
      expect(context.failure).toBeUndefined();
    },
    'xstate.done.actor.flush': ({ news }) => expect(news).toEqual([{ type: 'logger.flushed' }]),
    'xstate.error.actor.sendStored': (seen) => {
      const isCut = seen.last['error'] instanceof BrokerError;
      if (!isCut) return hasFailed('unexpected')(seen);
      expect(seen.news).toEqual([]);
      expect(seen.context.cuts).toBe(seen.before.cuts + 1);
    },
    'xstate.error.actor.flush': hasFailed('unexpected'),
    'xstate.after.syncWithin.logger.syncing': hasFailed('timeout'),
    'xstate.after.flushWithin.logger.flushing': hasFailed('timeout'),
  },
  invariants: {
    idle: (seen) => {
      hasAppliedConfig(seen);
      expect(seen.running).toEqual([]);
      expect(seen.context).toMatchObject({ isSyncDue: false, isFlushDue: false });
    },
    awaitingBroker: (seen) => {
      hasAppliedConfig(seen);
      expect(seen.running).toEqual([]);
      expect(seen.context).toMatchObject({ isOnline: false, isSyncDue: true, isFlushDue: false });
    },
    gathering: (seen) => {
      hasAppliedConfig(seen);
      expect(seen.running).toEqual([]);
      expect(seen.context).toMatchObject({ isOnline: true, isSyncDue: true, isFlushDue: false });
    },
    syncing: (seen) => {
      hasAppliedConfig(seen);
      expect(seen.running).toEqual(['sendStored']);
      expect(seen.context).toMatchObject({ isOnline: true, isSyncDue: false });
    },
    interrupted: (seen) => {
      expect(seen.running).toEqual([]);
      expect(seen.context).toMatchObject({ isOnline: true, isSyncDue: true, isFlushDue: false });
    },
    flushing: (seen) => {
      hasAppliedConfig(seen);
      expect(seen.running).toEqual(['flush']);
    },
  },
});

import { expect } from 'vitest';
import { loggerMachine, type LoggerContext } from '../../machines/logger.ts';
import { defineModel, type Seen } from './model.ts';

const config = { minLevel: 'Info', maxLength: 64, console: true, file: true, mqtt: true } as const;

const hasAppliedConfig = ({ context, done }: Seen<LoggerContext>): void =>
  expect(done('applyConfig').at(-1)).toEqual(context.config);

export const loggerModel = defineModel<typeof loggerMachine>({
  machine: loggerMachine,
  input: { config },
  recorded: ['applyConfig'],
  events: [
    { type: 'broker.up' },
    { type: 'broker.down' },
    { type: 'logger.configure', minLevel: 'Debug', maxLength: 8 },
    { type: 'logger.toggle', sink: 'mqtt', enabled: false },
    { type: 'logger.sync' },
    { type: 'logger.flush' },
  ],
  outputs: { sendStored: [0, 12] },
  regions: [
    {
      name: 'all',
      key: ({ config: { minLevel, mqtt }, isOnline, isSyncDue, isFlushDue }) => [
        minLevel,
        mqtt,
        isOnline,
        isSyncDue,
        isFlushDue,
      ],
    },
  ],
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
    syncing: (seen) => {
      hasAppliedConfig(seen);
      expect(seen.running).toEqual(['sendStored']);
      expect(seen.context.isOnline).toBe(true);
    },
    flushing: (seen) => {
      hasAppliedConfig(seen);
      expect(seen.running).toEqual(['flush']);
    },
  },
});

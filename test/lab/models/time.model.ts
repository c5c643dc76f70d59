import { expect } from 'vitest';
import { timeMachine } from '../../../machines/time.ts';
import { defineModel } from './model.ts';

export const timeModel = defineModel<typeof timeMachine>({
  machine: timeMachine,
  events: [{ type: 'network.up' }, { type: 'network.down' }, { type: 'time.sync' }],
  listeners: { watchClock: [{ type: 'clock.moved' }] },
  outputs: { readOffset: [0, -1500.5] },
  regions: [
    {
      name: 'all',
      key: ({ hasNetwork, attempts, moves, offsetMs, failure }) => [
        hasNetwork,
        Math.min(attempts, 2),
        Math.min(moves, 2),
        offsetMs,
        failure?.code,
      ],
    },
  ],
  invariants: {
    stale: ({ context, running }) => {
      expect(context.hasNetwork).toBe(false);
      expect(running).toEqual([]);
    },
    seeking: ({ snapshot }) => expect(snapshot.hasTag('ready')).toBe(false),
    'seeking.syncing': ({ running }) => expect(running).toEqual(['readOffset']),
    synced: ({ context, facts, running }) => {
      expect(running).toEqual(['watchClock']);
      expect(context).toMatchObject({ attempts: 0, failure: undefined });
      expect(facts.findLast(({ type }) => type === 'time.synced')).toMatchObject({ offsetMs: context.offsetMs });
    },
    doubtful: ({ context, running }) => {
      expect(running).toEqual([]);
      expect(context.moves).toBeGreaterThan(0);
    },
    'seeking.waiting': ({ context, facts }) => {
      expect(context.hasNetwork).toBe(true);
      expect(context.attempts).toBeGreaterThan(0);
      expect(facts.findLast(({ type }) => type === 'time.failed')).toEqual({
        type: 'time.failed',
        failure: context.failure,
      });
    },
  },
});

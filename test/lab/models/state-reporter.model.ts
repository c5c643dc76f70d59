import { expect } from 'vitest';
import { stateReporterMachine } from '../../../machines/state-reporter.ts';
import { defineModel } from './model.ts';

export const stateReporterModel = defineModel<typeof stateReporterMachine>({
  machine: stateReporterMachine,
  events: [
    { type: 'broker.up' },
    { type: 'broker.down' },
    { type: 'reporter.configure', commitVersion: 'one', intervalMs: 300_000 },
    { type: 'reporter.configure', commitVersion: 'two', intervalMs: 60_000 },
    { type: 'reporter.report' },
    { type: 'reporter.hold' },
    { type: 'reporter.resume' },
  ],
  outputs: { collect: [{ millis: 1, pu_commit_version: 'one' }] },
  regions: [
    {
      name: 'all',
      key: ({ commitVersion, measuredVersion, intervalMs, isOnline, isHeld, attempts }) => [
        commitVersion,
        measuredVersion,
        intervalMs,
        isOnline,
        isHeld,
        Math.min(attempts, 2),
      ],
    },
  ],
  outcomes: {
    'broker.up': ({ context }) => expect(context.isOnline).toBe(true),
    'broker.down': ({ context }) => expect(context.isOnline).toBe(false),
    'reporter.configure': ({ context, last }) => {
      const { commitVersion, intervalMs } = context;
      expect({ type: last.type, commitVersion, intervalMs }).toEqual(last);
    },
    'reporter.hold': ({ context, running }) => {
      expect(context.isHeld).toBe(true);
      expect(running, 'no report begins').not.toContain('collect');
    },
    'reporter.resume': ({ context }) => expect(context.isHeld).toBe(false),
  },
  invariants: {
    unconfigured: ({ running, context }) => {
      expect(running).toEqual([]);
      expect(context.commitVersion).toBe('');
    },
    due: ({ running, context }) => {
      expect(running).toEqual([]);
      expect(context.isOnline && !context.isHeld, 'a report that is due waits for broker and hold alone').toBe(false);
    },
    collecting: ({ running, context }) => {
      expect(running).toEqual(['collect']);
      expect(context.isHeld).toBe(false);
    },
    publishing: ({ running, context }) => {
      expect(running).toEqual(['publish']);
      expect(context.measured.millis).toBe(1);
    },
    resting: ({ running, context, facts }) => {
      expect(running).toEqual([]);
      expect(context).toMatchObject({ attempts: 0, failure: undefined, measuredVersion: context.commitVersion });
      expect(facts.at(-1)).toEqual({ type: 'reporter.sent' });
    },
    retrying: ({ running, context, facts }) => {
      expect(running).toEqual([]);
      expect(context.attempts).toBeGreaterThan(0);
      expect(facts.at(-1)).toEqual({ type: 'reporter.failed', failure: context.failure });
    },
  },
});

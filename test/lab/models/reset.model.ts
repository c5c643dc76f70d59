import { expect } from 'vitest';
import { resetMachine } from '../../../machines/reset.ts';
import { defineModel } from './model.ts';

export const resetModel = defineModel<typeof resetMachine>({
  machine: resetMachine,
  input: { mode: 'restart_exec' },
  events: [{ type: 'reset.recall' }, { type: 'reset.restart' }],
  outputs: { recall: [true, false], restart: [undefined] },
  regions: [{ name: 'all', key: ({ isDue, skipped }) => [isDue, Math.min(skipped, 2)] }],
  invariants: {
    idle: ({ running }) => expect(running).toEqual([]),
    recalling: ({ running }) => expect(running).toEqual(['recall']),
    ready: ({ running, context, news }) => {
      expect(running).toEqual([]);
      expect(context).toMatchObject({ isDue: false, skipped: 0 });
      expect(news.every(({ type }) => ['reset.ready', 'reset.skipped'].includes(type))).toBe(true);
    },
    restarting: ({ running, context, facts }) => {
      expect(running).toEqual(['restart']);
      expect(context.isDue).toBe(false);
      expect(facts.at(-1)).toEqual({ type: 'reset.began' });
    },
    resting: ({ running, context, last, before }) => {
      expect(running).toEqual([]);
      expect(context.isDue).toBe(false);
      if (last.type === 'reset.restart') expect(context.skipped).toBe(before.skipped + 1);
    },
  },
});

import { unitSetup } from './setup.ts';

/** What keeps the figures in the unit's context fresh. */
export const figures = unitSetup.createStateConfig({
  description: 'Keeps the figures of the unit fresh while it works.',
  initial: 'idle',
  states: {
    idle: {
      description: 'The unit does no work; the figures stay as they were.',
      always: { guard: 'isOperating', target: 'reading' },
    },
    reading: {
      description: 'Reads what the machines do not count.',
      always: { guard: 'isNotOperating', target: 'idle' },
      invoke: {
        id: 'readFigures',
        src: 'readFigures',
        onDone: { target: 'fresh', actions: [{ type: 'keepMeasures', params: ({ event }) => event.output }] },
        onError: { target: 'fresh' },
      },
      after: { readWithin: { target: 'fresh' } },
    },
    fresh: {
      description: 'The figures were read a short while ago, or could not be.',
      always: { guard: 'isNotOperating', target: 'idle' },
      after: { readEvery: { target: 'reading' } },
    },
  },
});

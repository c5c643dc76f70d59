/**
 * Restarts the program on the instance's command, at most once a minute.
 *
 *     idle ─recall─▶ recalling ─▶ ready ─restart─▶ restarting
 *                        │          ▲                  │
 *                        │      restAfter            fail
 *                        └─────▶ resting ◀─────────────┘
 *
 * A program that was started by such a restart rests first.
 */
import { assign, enqueueActions, setup } from 'xstate';
import { failureOf, type Failure } from '../services/errors.ts';
import type { RestartMode } from '../services/process-control.ts';
import type { RecallReset, ResetProgram } from '../services/reset.ts';
import { timedOut } from './lib/failure.ts';
import { childOf, tell, type Child, type ChildInput } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

/** Events that the reset machine accepts. */
export type ResetEvent =
  /** The unit is at work. */
  { type: 'reset.recall' } | { type: 'reset.restart' };

/** Facts that the reset machine reports to its parent. */
export type ResetFact =
  | { type: 'reset.began' }
  | { type: 'reset.failed'; failure: Failure }
  /** So many requests came too early. */
  | { type: 'reset.skipped'; requests: number };

export interface ResetInput extends ChildInput<ResetFact> {
  mode: RestartMode;
}

export interface ResetContext extends Child<ResetFact> {
  mode: RestartMode;
  /** Whether a restart was requested before it was known whether one is due. */
  isDue: boolean;
  /** Requests that came too early. */
  skipped: number;
}

export const resetMachine = setup({
  types: {} as {
    input: ResetInput;
    context: ResetContext;
    events: ResetEvent;
    emitted: ResetFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: { recall: slot<RecallReset>('reset.recall'), restart: slot<ResetProgram>('reset.restart') },
  actions: {
    report: enqueueActions(({ context, enqueue }, fact: ResetFact) => tell(enqueue, context, fact)),
    reportSkipped: enqueueActions(({ context, enqueue }) => {
      if (context.skipped === 0) return;
      tell(enqueue, context, { type: 'reset.skipped', requests: context.skipped });
      enqueue.assign({ skipped: 0 });
    }),
    wantRestart: assign({ isDue: true }),
    takeRestart: assign({ isDue: false }),
    countSkipped: assign(({ context }) => ({ skipped: context.skipped + 1 })),
  },
  guards: {
    isDue: ({ context }) => context.isDue,
    isAfterReset: (_, { wasReset }: { wasReset: boolean }) => wasReset,
  },
  delays: { recallWithin: 10_000, restartWithin: 120_000, restAfter: 60_000 },
}).createMachine({
  id: 'reset',
  description: 'Restarts the program on command, at most once a minute.',
  context: ({ input }) => ({ mode: input.mode, isDue: false, skipped: 0, ...childOf(input) }),
  initial: 'idle',
  states: {
    idle: {
      description: 'The unit is not at work yet.',
      on: {
        'reset.recall': { target: 'recalling' },
        'reset.restart': { target: 'recalling', actions: [{ type: 'wantRestart' }] },
      },
    },
    recalling: {
      description: 'Finds out whether such a restart has started this program.',
      tags: ['busy'],
      on: { 'reset.restart': { actions: [{ type: 'wantRestart' }] } },
      invoke: {
        id: 'recall',
        src: 'recall',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: [
          {
            guard: { type: 'isAfterReset', params: ({ event }) => ({ wasReset: event.output }) },
            target: 'resting',
            actions: [{ type: 'takeRestart' }],
          },
          { target: 'ready' },
        ],
        onError: { target: 'ready' },
      },
      after: { recallWithin: { target: 'ready' } },
    },
    ready: {
      description: 'Restarts the program as soon as it is asked to.',
      tags: ['ready'],
      always: { guard: 'isDue', target: 'restarting' },
      on: { 'reset.restart': { target: 'restarting' } },
    },
    restarting: {
      description: 'Flushes, closes the link, and lets another process take over.',
      tags: ['busy'],
      entry: [{ type: 'takeRestart' }, { type: 'report', params: { type: 'reset.began' } }],
      invoke: {
        id: 'restart',
        src: 'restart',
        input: ({ context }) => ({ unit: context.unit, mode: context.mode }),
        onDone: { target: 'resting' },
        onError: {
          target: 'resting',
          actions: [
            { type: 'report', params: ({ event }) => ({ type: 'reset.failed', failure: failureOf(event.error) }) },
          ],
        },
      },
      after: {
        restartWithin: {
          target: 'resting',
          actions: [{ type: 'report', params: { type: 'reset.failed', failure: timedOut('Restarting the program') } }],
        },
      },
    },
    resting: {
      description: 'The last restart was less than a minute ago; requests are counted and passed over.',
      tags: ['ready'],
      on: { 'reset.restart': { actions: [{ type: 'countSkipped' }] } },
      after: { restAfter: { target: 'ready', actions: [{ type: 'reportSkipped' }] } },
    },
  },
});

/**
 * Keeps device time in step with a reference clock.
 *
 *     stale ─network.up─▶ seeking ───────────────────────────────────────┐
 *       ▲                 │ syncing ─fail─▶ waiting ─retryAfter─▶ syncing │ after 1, 10 and 60 minutes: told
 *       └── no network ───┴───────────────────────────────────────────────┘
 *                           │ ok      ▲ resyncAfter
 *                           ▼         │
 *                         synced ─clock.moved─▶ doubtful ─rereadAfter─▶ seeking
 */
import { assign, enqueueActions, setup } from 'xstate';
import type { ClockEvent, ReadOffset, WatchClock } from '../services/clock.ts';
import { failureOf, type Failure } from '../services/errors.ts';
import type { OfUnit } from '../services/finder.ts';
import { backoff, timerMs } from './lib/delays.ts';
import { timedOut } from './lib/failure.ts';
import { ActorHandle, childOf, tell, type Child, type ChildInput } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

/** Events that the time machine accepts. */
export type TimeEvent = { type: 'network.up' } | { type: 'network.down' } | { type: 'time.sync' } | ClockEvent;

/** Facts that the time machine reports to its parent. */
export type TimeFact =
  | { type: 'time.synced'; offsetMs: number }
  | { type: 'time.failed'; failure: Failure }
  /** No reading has succeeded for so many minutes. */
  | { type: 'time.unsynced'; failure: Failure; minutes: number };

export interface TimeInput extends ChildInput<TimeFact> {
  /** Validity of one reading. @defaultValue 3_600_000 */
  resyncMs?: number;
}

export interface TimeContext extends Child<TimeFact> {
  resyncMs: number;
  hasNetwork: boolean;
  /** Failed readings since the last success. */
  attempts: number;
  /** Number of times that the host's clocks drifted apart without a calm interval in between. */
  moves: number;
  /** Milliseconds by which the reference is ahead of the monotonic clock; kept without a network. */
  offsetMs?: number;
  /** Failure of the last reading. */
  failure?: Failure | undefined;
}

const unsynced = ({ failure = timedOut('Reading the reference clock') }: TimeContext, minutes: number): TimeFact => ({
  type: 'time.unsynced',
  failure,
  minutes,
});

/**
 * Delays with jitter, for many units in one process: those that got the same reading, or the same failure, do not all take
 * the next one at once. A retry comes up to half later, a renewal up to a twentieth sooner.
 *
 * @param random Returns a number from 0 up to 1.
 * @example
 * import { jitteredTimeDelays, timeMachine } from 'pepeunit-client/machines';
 *
 * const spread = timeMachine.provide({ delays: jitteredTimeDelays(() => 0.5) });
 */
export const jitteredTimeDelays = (random: (context: OfUnit) => number) => ({
  resyncAfter: ({ context }: { context: TimeContext }): number =>
    timerMs(context.resyncMs * (1 - random(context) / 20)),
  retryAfter: ({ context }: { context: TimeContext }): number => backoff(context.attempts) * (1 + random(context) / 2),
  rereadAfter: ({ context }: { context: TimeContext }): number => backoff(context.moves) * (1 + random(context) / 2),
});

export const timeMachine = setup({
  types: {} as {
    input: TimeInput;
    context: TimeContext;
    events: TimeEvent;
    emitted: TimeFact;
    tags: 'busy' | 'ready' | 'faulty';
  },
  actors: { readOffset: slot<ReadOffset>('time.readOffset'), watchClock: slot<WatchClock>('time.watchClock') },
  actions: {
    report: enqueueActions(({ context, enqueue }, fact: TimeFact) => tell(enqueue, context, fact)),
    keepOffset: assign((_, { offsetMs }: { offsetMs: number }) => ({ offsetMs, attempts: 0, failure: undefined })),
    keepFailure: assign(({ context }, { failure }: { failure: Failure }) => ({
      failure,
      attempts: context.attempts + 1,
    })),
    countMove: assign(({ context }) => ({ moves: context.moves + 1 })),
    forgetMoves: assign({ moves: 0 }),
    noteNetwork: assign({ hasNetwork: true }),
    noteNoNetwork: assign({ hasNetwork: false }),
  },
  guards: { hasNoNetwork: ({ context }) => !context.hasNetwork },
  delays: {
    resyncAfter: ({ context }) => timerMs(context.resyncMs),
    retryAfter: ({ context }) => backoff(context.attempts),
    rereadAfter: ({ context }) => backoff(context.moves),
    syncWithin: 15_000,
    tellFirstAfter: 60_000,
    tellNextAfter: 600_000,
    tellLastAfter: 3_600_000,
  },
}).createMachine({
  id: 'time',
  description: 'Keeps device time in step with a reference clock.',
  context: ({ input }) => ({
    resyncMs: input.resyncMs ?? 3_600_000,
    hasNetwork: false,
    attempts: 0,
    moves: 0,
    ...childOf(input),
  }),
  initial: 'stale',
  on: {
    'network.up': { actions: [{ type: 'noteNetwork' }] },
    'network.down': { target: '.stale', actions: [{ type: 'noteNoNetwork' }] },
  },
  states: {
    stale: {
      description: 'No network: time goes on with the last offset, or with the clock of the host.',
      on: {
        'network.up': { target: 'seeking', actions: [{ type: 'noteNetwork' }] },
        'time.sync': { target: 'seeking' },
      },
    },
    seeking: {
      description: 'Reads the reference clock until it answers; that it does not is told now and then.',
      initial: 'syncing',
      after: {
        tellFirstAfter: { actions: [{ type: 'report', params: ({ context }) => unsynced(context, 1) }] },
        tellNextAfter: { actions: [{ type: 'report', params: ({ context }) => unsynced(context, 10) }] },
        tellLastAfter: { actions: [{ type: 'report', params: ({ context }) => unsynced(context, 60) }] },
      },
      states: {
        syncing: {
          description: 'Reads the reference clock.',
          tags: ['busy'],
          invoke: {
            id: 'readOffset',
            src: 'readOffset',
            input: ({ context }) => ({ unit: context.unit }),
            onDone: {
              target: '#time.synced',
              actions: [
                { type: 'keepOffset', params: ({ event }) => ({ offsetMs: event.output }) },
                { type: 'report', params: ({ event }) => ({ type: 'time.synced', offsetMs: event.output }) },
              ],
            },
            onError: {
              target: 'waiting',
              actions: [
                { type: 'keepFailure', params: ({ event }) => ({ failure: failureOf(event.error) }) },
                { type: 'report', params: ({ event }) => ({ type: 'time.failed', failure: failureOf(event.error) }) },
              ],
            },
          },
          after: {
            syncWithin: {
              target: 'waiting',
              actions: [
                { type: 'keepFailure', params: { failure: timedOut('Reading the reference clock') } },
                { type: 'report', params: { type: 'time.failed', failure: timedOut('Reading the reference clock') } },
              ],
            },
          },
        },
        waiting: {
          description: 'The last reading failed; the next comes soon.',
          tags: ['faulty'],
          always: { guard: 'hasNoNetwork', target: '#time.stale' },
          on: { 'time.sync': { target: 'syncing' } },
          after: { retryAfter: { target: 'syncing' } },
        },
      },
    },
    synced: {
      description: 'The offset is good, as long as the clocks of the host do not move apart.',
      tags: ['ready'],
      invoke: {
        id: 'watchClock',
        src: 'watchClock',
        input: ({ context, self }) => ({ unit: context.unit, owner: new ActorHandle(self) }),
        onError: { target: 'doubtful', actions: [{ type: 'countMove' }] },
      },
      on: {
        'time.sync': { target: 'seeking' },
        'clock.moved': { target: 'doubtful', actions: [{ type: 'countMove' }] },
      },
      after: { resyncAfter: { target: 'seeking', actions: [{ type: 'forgetMoves' }] } },
    },
    doubtful: {
      description:
        'The host slept, or its clock was set: the next reading comes soon, later each time that it happens.',
      tags: ['faulty'],
      on: { 'time.sync': { target: 'seeking' } },
      after: { rereadAfter: { target: 'seeking' } },
    },
  },
});

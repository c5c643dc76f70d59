/**
 * Brings the unit to another version, one flight at a time, and sees to it that the version proves itself.
 *
 *     asleep ─recover─▶ recovering ─▶ idle ─start─▶ checking ─▶ downloading ─▶ verifying ─▶ (staging) ─▶ swapping
 *                           │                          ├─▶ refusing, handingOver                            │
 *                           │         confirming ─▶ telling ─▶ idle                                         ▼
 *                           └────▶ trial ┤                                                              restarting
 *                                     rollingBack ──────────────────────────────────────────────────────────▲
 *
 * What must survive a crash is in the store's journal; this machine starts from what that says.
 */
import { failureOf } from '../services/errors.ts';
import { timedOut } from './lib/failure.ts';
import { newUpdateContext } from './update/context.ts';
import { flight } from './update/steps.ts';
import { updateSetup } from './update/setup.ts';
import { trial } from './update/trial.ts';

export type * from './update/context.ts';

export const updateMachine = updateSetup.createMachine({
  id: 'update',
  description: 'Brings the unit to another version, one flight at a time, and lets it prove itself.',
  context: ({ input }) => newUpdateContext(input),
  entry: [{ type: 'report', params: { type: 'update.ready' } }],
  initial: 'asleep',
  on: {
    'update.recover': { actions: [{ type: 'report', params: { type: 'update.recovered' } }] },
    'update.configure': { actions: [{ type: 'configure', params: ({ event }) => event }] },
    'update.start': { actions: [{ type: 'queue', params: ({ event }) => event }] },
    'broker.up': { actions: [{ type: 'noteLink', params: ({ event }) => event }] },
    'broker.down': { actions: [{ type: 'noteNoLink' }] },
  },
  states: {
    asleep: {
      description: 'Nothing is known yet of what an earlier start has left.',
      on: {
        'update.recover': { target: 'recovering' },
        'update.start': { target: 'recovering', actions: [{ type: 'remember', params: ({ event }) => event }] },
      },
    },
    recovering: trial.recovering,
    idle: {
      description: 'No update is in flight, and the version that runs is not on trial.',
      tags: ['ready'],
      entry: [{ type: 'report', params: { type: 'update.settled' } }],
      always: [
        { guard: 'hasOutcome', target: 'telling' },
        { guard: 'hasNext', target: 'checking', actions: [{ type: 'beginNext' }] },
        { guard: 'isTargetDue', target: 'askingTarget' },
        {
          guard: 'isTargetOfNoUse',
          actions: [{ type: 'forgetDue' }, { type: 'report', params: { type: 'update.targetNotAsked' } }],
        },
      ],
      on: { 'update.start': { target: 'checking', actions: [{ type: 'begin', params: ({ event }) => event }] } },
    },
    askingTarget: {
      description: 'Asks the instance which version it wants, since commands sent while the unit was away are lost.',
      tags: ['busy'],
      entry: [{ type: 'forgetDue' }],
      on: { 'update.start': { actions: [{ type: 'remember', params: ({ event }) => event }] } },
      invoke: {
        id: 'askTarget',
        src: 'askTarget',
        onDone: [
          { guard: 'hasNext', target: 'idle' },
          {
            guard: { type: 'isWorthIt', params: ({ event }) => ({ commitVersion: event.output }) },
            target: 'checking',
            actions: [{ type: 'beginAnswered', params: ({ event }) => ({ commitVersion: event.output }) }],
          },
          { target: 'idle' },
        ],
        onError: {
          target: 'idle',
          actions: [
            {
              type: 'report',
              params: ({ event }) => ({ type: 'update.targetUnknown', failure: failureOf(event.error) }),
            },
          ],
        },
      },
      after: {
        askWithin: {
          target: 'idle',
          actions: [
            {
              type: 'report',
              params: { type: 'update.targetUnknown', failure: timedOut('Asking for the target version') },
            },
          ],
        },
      },
    },
    ...flight,
    trial: trial.trial,
    confirming: trial.confirming,
    givingUp: trial.givingUp,
    rollingBack: trial.rollingBack,
    telling: trial.telling,
  },
});

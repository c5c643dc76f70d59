import { failureOf } from '../../services/errors.ts';
import { timedOut } from '../lib/failure.ts';
import { lackOf, spentAfter } from './context.ts';
import { updateSetup } from './setup.ts';

/** From what an earlier start has left to a version that is confirmed, or gone. */
export const trial = {
  recovering: updateSetup.createStateConfig({
    description: 'Carries out what an earlier start has left, before any file of the unit is read.',
    tags: ['busy'],
    on: { 'update.start': { actions: [{ type: 'remember', params: ({ event }) => event }] } },
    invoke: {
      id: 'recover',
      src: 'recover',
      onDone: [
        {
          guard: { type: 'isSpent', params: ({ event }) => event.output },
          target: 'rollingBack',
          actions: [
            { type: 'keepStatus', params: ({ event }) => event.output },
            { type: 'fail', params: ({ event }) => ({ phase: 'trial', failure: spentAfter(event.output) }) },
          ],
        },
        {
          guard: { type: 'hasTrial', params: ({ event }) => event.output },
          target: 'trial',
          actions: [{ type: 'keepStatus', params: ({ event }) => event.output }],
        },
        { target: 'idle', actions: [{ type: 'keepStatus', params: ({ event }) => event.output }] },
      ],
      onError: {
        target: 'idle',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'recovering', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      recoverWithin: {
        target: 'idle',
        actions: [{ type: 'fail', params: { phase: 'recovering', failure: timedOut('Reading the update journal') } }],
      },
    },
  }),
  trial: updateSetup.createStateConfig({
    description: 'The version that runs is new and has to prove itself in time.',
    tags: ['busy'],
    entry: [{ type: 'reportTrial' }],
    initial: 'connecting',
    states: {
      connecting: {
        description: 'Waits for the broker to grant the base topics.',
        always: { guard: 'hasLink', target: 'asking' },
      },
      asking: {
        description: 'Asks the app whether it is ready.',
        always: { guard: 'hasNoLink', target: 'connecting' },
        invoke: {
          id: 'checkReady',
          src: 'checkReady',
          onDone: { target: '#update.confirming' },
          onError: {
            target: '#update.givingUp',
            actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'trial', failure: failureOf(event.error) }) }],
          },
        },
      },
    },
    after: {
      healthyWithin: {
        target: 'givingUp',
        actions: [{ type: 'fail', params: ({ context }) => ({ phase: 'trial', failure: lackOf(context) }) }],
      },
    },
  }),
  givingUp: updateSetup.createStateConfig({
    description: 'The new version has not proved itself: a supervisor gives it another start, or rolls back.',
    always: [{ guard: 'isSupervised', target: 'restarting' }, { target: 'rollingBack' }],
  }),
  confirming: updateSetup.createStateConfig({
    description: 'Writes down that the new version stays.',
    tags: ['busy'],
    invoke: {
      id: 'confirm',
      src: 'confirm',
      onDone: { target: 'idle', actions: [{ type: 'keepConfirmed' }] },
      onError: {
        target: 'givingUp',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'confirming', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      confirmWithin: {
        target: 'givingUp',
        actions: [{ type: 'fail', params: { phase: 'confirming', failure: timedOut('Confirming the new version') } }],
      },
    },
  }),
  rollingBack: updateSetup.createStateConfig({
    description: 'Puts the previous version in place again, with no network.',
    tags: ['busy'],
    invoke: {
      id: 'rollBack',
      src: 'rollBack',
      input: ({ context }) => ({ reason: context.ending?.failure.message ?? '' }),
      onDone: [
        { guard: 'isRestarting', target: 'restarting' },
        { target: 'idle', actions: [{ type: 'keepRolledBack' }] },
      ],
      onError: {
        target: 'idle',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'rollingBack', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      rollBackWithin: {
        target: 'restarting',
        actions: [{ type: 'fail', params: { phase: 'rollingBack', failure: timedOut('Rolling back') } }],
      },
    },
  }),
  telling: updateSetup.createStateConfig({
    description: 'Tells how the last update ended, and that it was told.',
    tags: ['busy'],
    entry: [{ type: 'reportOutcome' }],
    exit: [{ type: 'forgetOutcome' }],
    on: { 'update.start': { actions: [{ type: 'remember', params: ({ event }) => event }] } },
    invoke: { id: 'forgetOutcome', src: 'forgetOutcome', onDone: { target: 'idle' }, onError: { target: 'idle' } },
    after: { tellWithin: { target: 'idle' } },
  }),
} as const;

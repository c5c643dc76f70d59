import { failureOf } from '../../services/errors.ts';
import { timedOut } from '../lib/failure.ts';
import { refusalOf } from './context.ts';
import { updateSetup } from './setup.ts';

/** From a target to the new version in place. */
export const flight = {
  checking: updateSetup.createStateConfig({
    description: 'Decides whether the update is for the app, for nobody, or to be carried out.',
    tags: ['busy'],
    always: [
      { guard: 'isForApp', target: 'handingOver' },
      {
        guard: 'isSameVersion',
        target: 'idle',
        actions: [
          {
            type: 'report',
            params: ({ context: { target } }) => ({ type: 'update.skipped', target, reason: 'sameVersion' }),
          },
        ],
      },
      { guard: 'hasFailedBefore', target: 'refusing' },
      {
        target: 'downloading',
        actions: [
          { type: 'forgetFailed' },
          { type: 'report', params: ({ context: { target } }) => ({ type: 'update.began', target }) },
        ],
      },
    ],
  }),
  refusing: updateSetup.createStateConfig({
    description: 'The version failed before; only another one is tried.',
    entry: [
      {
        type: 'report',
        params: ({ context }) => ({
          type: 'update.refused',
          target: context.target,
          failure: refusalOf(context),
        }),
      },
    ],
    always: { target: 'idle' },
  }),
  downloading: updateSetup.createStateConfig({
    description: 'Fetches the archive and unpacks it into a private place.',
    tags: ['busy'],
    invoke: {
      id: 'download',
      src: 'download',
      input: ({ context }) => ({ target: context.target }),
      onDone: {
        target: 'verifying',
        actions: [{ type: 'keepStaged', params: ({ event }) => ({ staged: event.output }) }],
      },
      onError: {
        target: 'idle',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'downloading', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      downloadWithin: {
        target: 'idle',
        actions: [{ type: 'fail', params: { phase: 'downloading', failure: timedOut('The download') } }],
      },
    },
  }),
  verifying: updateSetup.createStateConfig({
    description: 'Checks that the staged version is whole and the one asked for.',
    tags: ['busy'],
    invoke: {
      id: 'verify',
      src: 'verify',
      input: ({ context: { staged, target } }) => ({ staged, target }),
      onDone: [{ guard: 'isCompiled', target: 'staging' }, { target: 'swapping' }],
      onError: {
        target: 'discarding',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'verifying', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      verifyWithin: {
        target: 'discarding',
        actions: [{ type: 'fail', params: { phase: 'verifying', failure: timedOut('Checking the firmware') } }],
      },
    },
  }),
  staging: updateSetup.createStateConfig({
    description: 'Fetches the compiled program that belongs to the archive, and tries it out in its private place.',
    tags: ['busy'],
    invoke: {
      id: 'stage',
      src: 'stage',
      input: ({ context: { staged, target } }) => ({ staged, target }),
      onDone: {
        target: 'swapping',
        actions: [{ type: 'keepStaged', params: ({ event }) => ({ staged: event.output }) }],
      },
      onError: {
        target: 'discarding',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'staging', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      stageWithin: {
        target: 'discarding',
        actions: [{ type: 'fail', params: { phase: 'staging', failure: timedOut('Fetching the program') } }],
      },
    },
  }),
  swapping: updateSetup.createStateConfig({
    description:
      'Puts the staged version in place of the running one; what a crash interrupts, the next start finishes.',
    tags: ['busy'],
    entry: [{ type: 'report', params: { type: 'update.swapping' } }],
    invoke: {
      id: 'swap',
      src: 'swap',
      input: ({ context: { staged, mode, commitVersion, target } }) => ({ staged, mode, from: commitVersion, target }),
      onDone: [
        {
          guard: 'isRestarting',
          target: 'restarting',
          actions: [
            { type: 'report', params: ({ context: { target, mode } }) => ({ type: 'update.swapped', target, mode }) },
          ],
        },
        {
          target: 'idle',
          actions: [
            { type: 'keepPlaced' },
            { type: 'report', params: ({ context: { target, mode } }) => ({ type: 'update.swapped', target, mode }) },
            { type: 'reportFinish' },
          ],
        },
      ],
      onError: {
        target: 'discarding',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'swapping', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      swapWithin: {
        target: 'restarting',
        actions: [
          { type: 'fail', params: { phase: 'swapping', failure: timedOut('Putting the new version in place') } },
        ],
      },
    },
  }),
  restarting: updateSetup.createStateConfig({
    description: 'Lets another start decide what runs; where that works this process ends.',
    tags: ['busy'],
    invoke: {
      id: 'restart',
      src: 'restart',
      input: ({ context }) => ({ mode: context.mode }),
      onDone: { target: 'idle', actions: [{ type: 'reportFinish' }] },
      onError: {
        target: 'idle',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'restarting', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      restartWithin: {
        target: 'idle',
        actions: [{ type: 'fail', params: { phase: 'restarting', failure: timedOut('Restarting') } }],
      },
    },
  }),
  handingOver: updateSetup.createStateConfig({
    description: 'The own handler of the app carries the update out.',
    tags: ['busy'],
    invoke: {
      id: 'handOver',
      src: 'handOver',
      input: ({ context }) => ({ target: context.target }),
      onDone: {
        target: 'idle',
        actions: [{ type: 'report', params: ({ context: { target } }) => ({ type: 'update.handedOver', target }) }],
      },
      onError: {
        target: 'idle',
        actions: [{ type: 'fail', params: ({ event }) => ({ phase: 'handingOver', failure: failureOf(event.error) }) }],
      },
    },
    after: {
      handOverWithin: {
        target: 'idle',
        actions: [{ type: 'fail', params: { phase: 'handingOver', failure: timedOut("The app's update handler") } }],
      },
    },
  }),
  discarding: updateSetup.createStateConfig({
    description: 'Forgets the staged version that failed, whatever comes of that.',
    tags: ['busy'],
    on: { 'update.start': { actions: [{ type: 'remember', params: ({ event }) => event }] } },
    invoke: {
      id: 'discard',
      src: 'discard',
      input: ({ context }) => ({ staged: context.staged }),
      onDone: { target: 'idle' },
      onError: { target: 'idle' },
    },
    after: { discardWithin: { target: 'idle' } },
  }),
} as const;

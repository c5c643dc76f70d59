/**
 * Brings the unit to another version, one flight at a time.
 *
 *     idle ─start─▶ checking ─same version─▶ idle
 *                      │ └──handsOver──▶ handingOver ─▶ idle
 *                      ▼
 *     downloading ─▶ verifying ─▶ swapping ─▶ restarting (by mode) ─▶ idle
 *                        └──fail─────┴──▶ discarding ─▶ idle
 */
import { assign, enqueueActions, sendTo, setup } from 'xstate';
import type {
  DiscardFirmware,
  DownloadFirmware,
  HandOverUpdate,
  StagedFirmware,
  SwapFirmware,
  UpdateTarget,
  VerifyFirmware,
} from '../services/firmware.ts';
import type { RestartProcess } from '../services/process-control.ts';
import { failureOf, timedOut } from './lib/failure.ts';
import { slot } from './lib/slot.ts';
import {
  configured,
  flightTo,
  newUpdateContext,
  queued,
  runsAlready,
  type UpdateChange,
  type UpdateContext,
  type UpdateEvent,
  type UpdateFact,
  type UpdateInput,
  type UpdatePhase,
} from './lib/update-context.ts';

export type * from './lib/update-context.ts';

export const updateMachine = setup({
  types: {
    input: {} as UpdateInput,
    context: {} as UpdateContext,
    events: {} as UpdateEvent,
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    download: slot<DownloadFirmware>('update.download'),
    verify: slot<VerifyFirmware>('update.verify'),
    swap: slot<SwapFirmware>('update.swap'),
    discard: slot<DiscardFirmware>('update.discard'),
    restart: slot<RestartProcess>('update.restart'),
    handOver: slot<HandOverUpdate>('update.handOver'),
  },
  actions: {
    report: sendTo(
      ({ context }) => context.parent,
      (_, fact: UpdateFact) => fact,
    ),
    reportEnding: enqueueActions(({ context: { parent, target, ending }, enqueue }) => {
      if (ending) enqueue.sendTo(parent, { type: 'update.failed', target, ...ending });
    }),
    configure: assign((_, change: UpdateChange) => configured(change)),
    queue: assign(({ context }, { target }: { target: UpdateTarget }) => queued(context, target)),
    begin: assign((_, { target }: { target: UpdateTarget }) => flightTo(target)),
    beginNext: assign(({ context }) => flightTo(context.next ?? context.target)),
    keepStaged: assign((_, { staged }: { staged: StagedFirmware }) => ({ staged })),
    keepEnding: assign((_, { phase, error }: { phase: UpdatePhase; error: unknown }) => ({
      ending: { phase, failure: failureOf(error) },
    })),
    giveUp: assign((_, { phase }: { phase: UpdatePhase }) => ({ ending: { phase, failure: timedOut('The update') } })),
  },
  guards: {
    hasNext: ({ context }) => context.next !== undefined,
    isForApp: ({ context }) => context.handsOver,
    isSameVersion: ({ context }) => runsAlready(context),
    isRestarting: ({ context }) => context.mode !== 'env_schema_only' && context.mode !== 'no_restart',
  },
  delays: { downloadWithin: 600_000, stepWithin: 120_000 },
}).createMachine({
  id: 'update',
  description: 'Brings the unit to another version, one flight at a time.',
  context: ({ input }) => newUpdateContext(input),
  entry: [{ type: 'report', params: { type: 'update.ready' } }],
  initial: 'idle',
  on: {
    'update.configure': { actions: [{ type: 'configure', params: ({ event }) => event }] },
    'update.start': { actions: [{ type: 'queue', params: ({ event }) => event }] },
  },
  states: {
    idle: {
      description: 'No update is in flight.',
      tags: ['ready'],
      entry: [{ type: 'reportEnding' }],
      always: { guard: 'hasNext', target: 'checking', actions: [{ type: 'beginNext' }] },
      on: { 'update.start': { target: 'checking', actions: [{ type: 'begin', params: ({ event }) => event }] } },
    },
    checking: {
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
        {
          target: 'downloading',
          actions: [{ type: 'report', params: ({ context: { target } }) => ({ type: 'update.began', target }) }],
        },
      ],
    },
    downloading: {
      description: 'Fetches the firmware and unpacks it into a private place.',
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
          actions: [{ type: 'keepEnding', params: ({ event }) => ({ phase: 'downloading', error: event.error }) }],
        },
      },
      after: {
        downloadWithin: {
          target: 'idle',
          actions: [{ type: 'giveUp', params: { phase: 'downloading' } }],
        },
      },
    },
    verifying: {
      description: 'Checks that the staged version is whole and the one asked for.',
      tags: ['busy'],
      invoke: {
        id: 'verify',
        src: 'verify',
        input: ({ context }) => ({ staged: context.staged, target: context.target }),
        onDone: { target: 'swapping' },
        onError: {
          target: 'discarding',
          actions: [{ type: 'keepEnding', params: ({ event }) => ({ phase: 'verifying', error: event.error }) }],
        },
      },
      after: {
        stepWithin: {
          target: 'discarding',
          actions: [{ type: 'giveUp', params: { phase: 'verifying' } }],
        },
      },
    },
    swapping: {
      description: 'Puts the staged version in place of the running one.',
      tags: ['busy'],
      invoke: {
        id: 'swap',
        src: 'swap',
        input: ({ context: c }) => ({ staged: c.staged, mode: c.mode, from: c.commitVersion, target: c.target }),
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
              { type: 'report', params: ({ context: { target, mode } }) => ({ type: 'update.swapped', target, mode }) },
              {
                type: 'report',
                params: ({ context: { target, mode } }) => ({ type: 'update.finished', target, mode }),
              },
            ],
          },
        ],
        onError: {
          target: 'discarding',
          actions: [{ type: 'keepEnding', params: ({ event }) => ({ phase: 'swapping', error: event.error }) }],
        },
      },
      after: {
        stepWithin: {
          target: 'discarding',
          actions: [{ type: 'giveUp', params: { phase: 'swapping' } }],
        },
      },
    },
    restarting: {
      description: 'Starts the new version; where that works this process ends.',
      tags: ['busy'],
      invoke: {
        id: 'restart',
        src: 'restart',
        input: ({ context }) => ({ mode: context.mode }),
        onDone: {
          target: 'idle',
          actions: [
            { type: 'report', params: ({ context: { target, mode } }) => ({ type: 'update.finished', target, mode }) },
          ],
        },
        onError: {
          target: 'idle',
          actions: [{ type: 'keepEnding', params: ({ event }) => ({ phase: 'restarting', error: event.error }) }],
        },
      },
      after: {
        stepWithin: {
          target: 'idle',
          actions: [{ type: 'giveUp', params: { phase: 'restarting' } }],
        },
      },
    },
    handingOver: {
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
          actions: [{ type: 'keepEnding', params: ({ event }) => ({ phase: 'handingOver', error: event.error }) }],
        },
      },
      after: {
        downloadWithin: {
          target: 'idle',
          actions: [{ type: 'giveUp', params: { phase: 'handingOver' } }],
        },
      },
    },
    discarding: {
      description: 'Forgets the staged version that failed, whatever comes of that.',
      tags: ['busy'],
      invoke: {
        id: 'discard',
        src: 'discard',
        input: ({ context }) => ({ staged: context.staged }),
        onDone: { target: 'idle' },
        onError: { target: 'idle' },
      },
      after: { stepWithin: { target: 'idle' } },
    },
  },
});

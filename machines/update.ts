/**
 * Updates the unit, one update at a time, and checks the new version in a trial.
 *
 *     asleep ─recover─▶ recovering ─▶ idle ─start─▶ checking ─▶ downloading ─▶ verifying ─▶ staging ─▶ swapping
 *                           │                          ├─▶ refusing, handingOver                            │
 *                           │         confirming ─▶ telling ─▶ idle                                         ▼
 *                           └────▶ trial ┤                                                              restarting
 *       { proving ◀─▶ probing ◀─▶ waiting } rollingBack ────────────────────────────────────────────────────▲
 *
 * What could not be had is tried again from `waiting`. State that must survive a crash is in the store's journal; the machine starts from it.
 */
import { newUpdateContext } from './update/context.ts';
import { trialFailureOf } from './update/failures.ts';
import { updateSetup } from './update/setup.ts';

export type * from './update/context.ts';

export const updateMachine = updateSetup.createMachine({
  id: 'update',
  description: 'Updates the unit, one update at a time, and tests each new version in a trial.',
  context: ({ input }) => newUpdateContext(input),
  initial: 'asleep',
  on: {
    'update.recover': { actions: [{ type: 'report', params: { type: 'update.recovered' } }] },
    'update.configure': { actions: [{ type: 'configure', params: ({ event }) => event }] },
    'update.start': [
      { guard: 'isBetweenUpdates', actions: [{ type: 'remember', params: ({ event }) => event }] },
      { actions: [{ type: 'queue', params: ({ event }) => event }] },
    ],
    'update.pursue': { actions: [{ type: 'beginPursuit', params: ({ event }) => event }] },
    'broker.up': { actions: [{ type: 'noteLink', params: ({ event }) => event }] },
    'broker.down': { actions: [{ type: 'noteNoLink' }] },
    'update.askTarget': { actions: [{ type: 'wantTarget' }] },
    'broker.denied': { actions: [{ type: 'noteDenial', params: ({ event }) => event }] },
  },
  states: {
    asleep: {
      description: 'The state left by an earlier start is not known yet.',
      always: { guard: 'hasNext', target: 'recovering' },
      on: { 'update.recover': { target: 'recovering' } },
    },
    recovering: {
      description: 'Finishes an interrupted update, before any file of the unit is read.',
      tags: ['busy'],
      on: { 'update.recover': {} },
      invoke: {
        id: 'recover',
        src: 'recover',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: [
          {
            guard: { type: 'isSpent', params: ({ event }) => event.output },
            target: 'rollingBack',
            actions: [
              { type: 'keepStatus', params: ({ event }) => event.output },
              { type: 'failSpent', params: ({ event }) => event.output },
            ],
          },
          {
            guard: { type: 'hasWait', params: ({ event }) => event.output },
            target: 'trial.probing',
            actions: [{ type: 'keepStatus', params: ({ event }) => event.output }],
          },
          {
            guard: { type: 'hasTrial', params: ({ event }) => event.output },
            target: 'trial',
            actions: [{ type: 'keepStatus', params: ({ event }) => event.output }],
          },
          { target: 'idle', actions: [{ type: 'keepStatus', params: ({ event }) => event.output }] },
        ],
        onError: { target: 'idle', actions: [{ type: 'fail', params: ({ event }) => event }] },
      },
      after: { recoverWithin: { target: 'idle', actions: [{ type: 'fail', params: { late: 'recovering' } }] } },
    },
    idle: {
      description: 'No update is pending, and the running version is not on trial.',
      tags: ['ready'],
      entry: [{ type: 'report', params: { type: 'update.settled' } }],
      always: [
        { guard: 'hasOutcome', target: 'telling' },
        { guard: 'hasNext', target: 'checking', actions: [{ type: 'beginNext' }] },
        { guard: 'hasErrand', target: 'waiting' },
      ],
    },
    waiting: {
      description:
        'A version could not be had, or the instance has yet to say which one it wants: each at its own time.',
      type: 'parallel',
      tags: ['ready'],
      always: [
        { guard: 'hasNext', target: 'checking', actions: [{ type: 'beginNext' }] },
        { guard: 'hasNoErrand', target: 'idle' },
      ],
      states: {
        version: {
          description: 'The version that is tried again.',
          initial: 'unwanted',
          states: {
            unwanted: {
              description: 'No version is tried again.',
              always: { guard: 'isPostponed', target: 'postponed' },
            },
            postponed: {
              description: 'The version could not be had, and is tried again.',
              always: { guard: 'isUnwanted', target: 'unwanted' },
              after: { retryAfter: { target: '#update.downloading', actions: [{ type: 'resume' }] } },
            },
          },
        },
        target: {
          description: 'The question for the target version, since commands sent while the unit was away are lost.',
          initial: 'answered',
          states: {
            answered: {
              description: 'There is nothing to ask.',
              always: [
                { guard: 'isTargetDue', target: 'asking' },
                { guard: 'isUnanswered', target: 'unanswered' },
              ],
            },
            asking: {
              description: 'Asks the instance for its target version.',
              tags: ['busy'],
              invoke: {
                id: 'askTarget',
                src: 'askTarget',
                input: ({ context }) => ({ unit: context.unit }),
                onDone: [
                  {
                    guard: { type: 'isPursued', params: ({ event }) => ({ commitVersion: event.output }) },
                    target: '#update.downloading',
                    actions: [{ type: 'noteAnswer' }, { type: 'resume' }],
                  },
                  {
                    guard: { type: 'isWorthACommand', params: ({ event }) => ({ commitVersion: event.output }) },
                    target: 'requesting',
                    actions: [{ type: 'keepAnswer', params: ({ event }) => ({ commitVersion: event.output }) }],
                  },
                  {
                    guard: { type: 'isWorthIt', params: ({ event }) => ({ commitVersion: event.output }) },
                    target: '#update.checking',
                    actions: [{ type: 'beginAnswered', params: ({ event }) => ({ commitVersion: event.output }) }],
                  },
                  { target: 'answered', actions: [{ type: 'noteAnswer' }] },
                ],
                onError: { target: 'unanswered', actions: [{ type: 'noteNoAnswer', params: ({ event }) => event }] },
              },
              after: {
                askWithin: { target: 'unanswered', actions: [{ type: 'noteNoAnswer', params: { late: 'asking' } }] },
              },
            },
            requesting: {
              description: 'Asks the instance to send its update, as only the command has the link to the program.',
              tags: ['busy'],
              on: {
                'broker.down': { target: 'answered', actions: [{ type: 'noteNoLink' }, { type: 'forgetAnswer' }] },
              },
              invoke: {
                id: 'requestUpdate',
                src: 'requestUpdate',
                input: ({ context }) => ({ unit: context.unit }),
                onDone: { target: 'answered', actions: [{ type: 'noteAnswer' }] },
                onError: {
                  target: 'unanswered',
                  actions: [{ type: 'noteNoAnswer', params: ({ event }) => event }, { type: 'forgetAnswer' }],
                },
              },
              after: {
                askWithin: {
                  target: 'unanswered',
                  actions: [{ type: 'noteNoAnswer', params: { late: 'asking' } }, { type: 'forgetAnswer' }],
                },
              },
            },
            unanswered: {
              description: 'The instance did not answer, and is asked again.',
              always: [
                { guard: 'isTargetDue', target: 'asking' },
                { guard: 'isAnswered', target: 'answered' },
              ],
              after: { askAgainAfter: { target: 'asking' } },
            },
          },
        },
      },
    },
    checking: {
      description: 'Decides whether to skip the update, hand it to the app, or carry it out.',
      tags: ['busy'],
      always: [
        { guard: 'isForApp', target: 'handingOver' },
        { guard: 'isSameVersion', target: 'idle', actions: [{ type: 'skip' }] },
        { guard: 'hasFailedBefore', target: 'reconsidering' },
        { target: 'downloading', actions: [{ type: 'forgetFailed' }, { type: 'accept' }] },
      ],
    },
    reconsidering: {
      description: 'The version failed before: an explicit command gets it one more try if that may end otherwise now.',
      tags: ['busy'],
      invoke: {
        id: 'recall',
        src: 'recall',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: [
          {
            guard: { type: 'isWorthRetrying', params: ({ event }) => event.output },
            target: 'downloading',
            actions: [{ type: 'accept' }],
          },
          { target: 'idle', actions: [{ type: 'refuse' }] },
        ],
        onError: { target: 'idle', actions: [{ type: 'refuse' }] },
      },
      after: { recallWithin: { target: 'idle', actions: [{ type: 'refuse' }] } },
    },
    downloading: {
      description: 'Downloads the archive and unpacks it into a private folder.',
      tags: ['busy'],
      invoke: {
        id: 'download',
        src: 'download',
        input: ({ context }) => ({ unit: context.unit, target: context.target }),
        onDone: { target: 'verifying', actions: [{ type: 'keepStaged', params: ({ event }) => event }] },
        onError: [
          {
            guard: { type: 'canRetry', params: ({ event }) => event },
            target: 'idle',
            actions: [{ type: 'postpone', params: ({ event }) => event }],
          },
          { target: 'idle', actions: [{ type: 'fail', params: ({ event }) => event }] },
        ],
      },
      after: {
        downloadWithin: [
          {
            guard: 'canRetryLate',
            target: 'idle',
            actions: [{ type: 'postpone', params: { late: 'downloading' } }],
          },
          { target: 'idle', actions: [{ type: 'fail', params: { late: 'downloading' } }] },
        ],
      },
    },
    verifying: {
      description: 'Checks that the staged version is complete and the requested one.',
      tags: ['busy'],
      invoke: {
        id: 'verify',
        src: 'verify',
        input: ({ context: { unit, staged, target } }) => ({ unit, staged, target }),
        onDone: [{ guard: 'isProgramReplaced', target: 'staging' }, { target: 'swapping' }],
        onError: { target: 'discarding', actions: [{ type: 'fail', params: ({ event }) => event }] },
      },
      after: { verifyWithin: { target: 'discarding', actions: [{ type: 'fail', params: { late: 'verifying' } }] } },
    },
    staging: {
      description:
        'Completes the staged version: by its compiled program, tested, or by the npm packages that it needs.',
      tags: ['busy'],
      invoke: {
        id: 'stage',
        src: 'stage',
        input: ({ context: { unit, staged, target } }) => ({ unit, staged, target }),
        onDone: { target: 'swapping', actions: [{ type: 'keepStaged', params: ({ event }) => event }] },
        onError: [
          {
            guard: { type: 'canRetry', params: ({ event }) => event },
            target: 'discarding',
            actions: [{ type: 'postpone', params: ({ event }) => event }],
          },
          { target: 'discarding', actions: [{ type: 'fail', params: ({ event }) => event }] },
        ],
      },
      after: {
        stageWithin: [
          {
            guard: 'canRetryLate',
            target: 'discarding',
            actions: [{ type: 'postpone', params: { late: 'staging' } }],
          },
          { target: 'discarding', actions: [{ type: 'fail', params: { late: 'staging' } }] },
        ],
      },
    },
    swapping: {
      description: 'Installs the staged version; the next start finishes what a crash interrupts.',
      tags: ['busy'],
      entry: [{ type: 'endPursuit' }, { type: 'report', params: { type: 'update.swapping' } }],
      invoke: {
        id: 'swap',
        src: 'swap',
        input: ({ context: { unit, staged, mode, commitVersion: from, target } }) => ({
          unit,
          staged,
          mode,
          from,
          target,
        }),
        onDone: [
          { guard: 'isRestarting', target: 'restarting', actions: [{ type: 'reportSwapped' }] },
          { target: 'idle', actions: [{ type: 'keepPlaced' }, { type: 'reportSwapped' }, { type: 'reportFinish' }] },
        ],
        onError: { target: 'discarding', actions: [{ type: 'fail', params: ({ event }) => event }] },
      },
      after: { swapWithin: { target: 'restarting', actions: [{ type: 'fail', params: { late: 'swapping' } }] } },
    },
    restarting: {
      description: 'Restarts the program, which ends this process, if the mode asks for it.',
      tags: ['busy'],
      invoke: {
        id: 'restart',
        src: 'restart',
        input: ({ context }) => ({ unit: context.unit, mode: context.mode }),
        onDone: { target: 'idle', actions: [{ type: 'reportFinish' }] },
        onError: { target: 'idle', actions: [{ type: 'fail', params: ({ event }) => event }] },
      },
      after: { restartWithin: { target: 'idle', actions: [{ type: 'fail', params: { late: 'restarting' } }] } },
    },
    handingOver: {
      description: 'The handler of the app carries out the update.',
      tags: ['busy'],
      entry: [{ type: 'endPursuit' }],
      invoke: {
        id: 'handOver',
        src: 'handOver',
        input: ({ context }) => ({ unit: context.unit, target: context.target }),
        onDone: { target: 'idle', actions: [{ type: 'reportHandedOver' }] },
        onError: { target: 'idle', actions: [{ type: 'fail', params: ({ event }) => event }] },
      },
      after: { handOverWithin: { target: 'idle', actions: [{ type: 'fail', params: { late: 'handingOver' } }] } },
    },
    discarding: {
      description: 'Removes the staged version that failed, ignoring errors.',
      tags: ['busy'],
      invoke: {
        id: 'discard',
        src: 'discard',
        input: ({ context }) => ({ unit: context.unit, staged: context.staged }),
        onDone: { target: 'idle' },
        onError: { target: 'idle' },
      },
      after: { discardWithin: { target: 'idle' } },
    },
    trial: {
      description: 'The running version is new and must be confirmed in time.',
      tags: ['busy'],
      entry: [{ type: 'reportTrial' }],
      initial: 'proving',
      states: {
        proving: {
          description: 'The version has to get online, and the app to be ready.',
          initial: 'connecting',
          states: {
            connecting: {
              description: 'Waits for the broker to grant the base topics; without MQTT, until the unit is at work.',
              always: [
                { guard: 'isAtWorkOverRest', target: 'reaching' },
                { guard: 'hasLink', target: 'asking' },
              ],
            },
            reaching: {
              description: 'Without MQTT, asks the instance over REST: its answer shows that it takes the unit.',
              invoke: {
                id: 'reach',
                src: 'askTarget',
                input: ({ context }) => ({ unit: context.unit }),
                onDone: { target: 'asking', actions: [{ type: 'noteReached' }] },
                onError: { target: 'unreached' },
              },
              after: { askWithin: { target: 'unreached' } },
            },
            unreached: {
              description: 'The instance did not answer over REST, and is asked again.',
              after: { reachAgainAfter: { target: 'reaching' } },
            },
            asking: {
              description: 'Asks the app whether it is ready.',
              always: { guard: 'hasNoLink', target: 'connecting' },
              invoke: {
                id: 'checkReady',
                src: 'checkReady',
                input: ({ context }) => ({ unit: context.unit }),
                onDone: { target: '#update.confirming' },
                onError: { target: '#update.givingUp', actions: [{ type: 'fail', params: ({ event }) => event }] },
              },
            },
          },
          after: {
            healthyWithin: [
              { guard: 'hasLink', target: '#update.givingUp', actions: [{ type: 'failTrial' }] },
              { target: 'probing' },
            ],
          },
        },
        probing: {
          description: 'Asks whether the version before could get online, which this one can not.',
          always: { guard: 'hasLink', target: 'resuming' },
          invoke: {
            id: 'probe',
            src: 'probe',
            input: ({ context }) => ({ unit: context.unit, isDenied: context.isDenied }),
            onDone: [
              {
                guard: { type: 'isConvicted', params: ({ event }) => ({ isThere: event.output }) },
                target: '#update.givingUp',
                actions: [{ type: 'failTrial' }],
              },
              {
                guard: { type: 'isThere', params: ({ event }) => ({ isThere: event.output }) },
                target: 'resuming',
                actions: [{ type: 'suspect' }, { type: 'report', params: { type: 'update.brokerFound' } }],
              },
              { guard: 'hasWaitedEnough', target: '#update.rollingBack', actions: [{ type: 'failTrial' }] },
              { target: 'waiting', actions: [{ type: 'chargeWait' }] },
            ],
            onError: [
              { guard: 'hasWaitedEnough', target: '#update.rollingBack', actions: [{ type: 'failTrial' }] },
              { target: 'waiting', actions: [{ type: 'chargeWait' }] },
            ],
          },
          after: {
            probeWithin: [
              { guard: 'hasWaitedEnough', target: '#update.rollingBack', actions: [{ type: 'failTrial' }] },
              { target: 'waiting', actions: [{ type: 'chargeWait' }] },
            ],
          },
        },
        waiting: {
          description: 'No version could get online now: starts do not count, and the broker is probed now and then.',
          always: { guard: 'hasLink', target: 'resuming' },
          invoke: {
            id: 'noteWait',
            src: 'noteWait',
            input: ({ context }) => ({ unit: context.unit, waitedMs: context.trial?.waitedMs ?? 0 }),
            onError: {},
          },
          after: { probeAfter: { target: 'probing' } },
        },
        resuming: {
          description: 'The running start counts from now on.',
          exit: [{ type: 'forgetWait' }],
          invoke: {
            id: 'endWait',
            src: 'endWait',
            input: ({ context }) => ({ unit: context.unit }),
            onDone: { target: 'proving' },
            onError: { target: 'proving' },
          },
          after: { noteWithin: { target: 'proving' } },
        },
      },
    },
    confirming: {
      description: 'Records that the new version is confirmed.',
      tags: ['busy'],
      invoke: {
        id: 'confirm',
        src: 'confirm',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: { target: 'idle', actions: [{ type: 'keepConfirmed' }] },
        onError: { target: 'givingUp', actions: [{ type: 'fail', params: ({ event }) => event }] },
      },
      after: { confirmWithin: { target: 'givingUp', actions: [{ type: 'fail', params: { late: 'confirming' } }] } },
    },
    givingUp: {
      description: 'The new version was not confirmed: a supervisor gives it another start, or rolls back.',
      always: [{ guard: 'isSupervised', target: 'noting' }, { target: 'rollingBack' }],
    },
    noting: {
      description: 'Notes for the supervisor why this start failed.',
      tags: ['busy'],
      invoke: {
        id: 'noteFailure',
        src: 'noteFailure',
        input: ({ context }) => ({ unit: context.unit, ...trialFailureOf(context) }),
        onDone: { target: 'restarting' },
        onError: { target: 'restarting' },
      },
      after: { noteWithin: { target: 'restarting' } },
    },
    rollingBack: {
      description: 'Restores the previous version, without a network.',
      tags: ['busy'],
      on: { 'update.recover': {} },
      invoke: {
        id: 'rollBack',
        src: 'rollBack',
        input: ({ context }) => ({ unit: context.unit, ...trialFailureOf(context) }),
        onDone: [
          { guard: 'isRestarting', target: 'restarting' },
          { target: 'idle', actions: [{ type: 'keepRolledBack' }] },
        ],
        onError: { target: 'idle', actions: [{ type: 'fail', params: ({ event }) => event }] },
      },
      after: { rollBackWithin: { target: 'restarting', actions: [{ type: 'fail', params: { late: 'rollingBack' } }] } },
    },
    telling: {
      description: 'Reports the outcome of the last update, and records that it was reported.',
      tags: ['busy'],
      entry: [{ type: 'reportOutcome' }],
      exit: [{ type: 'forgetOutcome' }],
      invoke: {
        id: 'forgetOutcome',
        src: 'forgetOutcome',
        input: ({ context }) => ({ unit: context.unit }),
        onDone: { target: 'idle' },
        onError: { target: 'idle' },
      },
      after: { tellWithin: { target: 'idle' } },
    },
  },
});

/** The chart of the update machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'update.recover'
        | 'update.configure'
        | 'update.start'
        | 'update.pursue'
        | 'broker.up'
        | 'broker.down'
        | 'update.askTarget'
        | 'broker.denied';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    recover: fromPromise(async () => undefined),
    askTarget: fromPromise(async () => undefined),
    requestUpdate: fromPromise(async () => undefined),
    download: fromPromise(async () => undefined),
    verify: fromPromise(async () => undefined),
    stage: fromPromise(async () => undefined),
    swap: fromPromise(async () => undefined),
    discard: fromPromise(async () => undefined),
    restart: fromPromise(async () => undefined),
    handOver: fromPromise(async () => undefined),
    checkReady: fromPromise(async () => undefined),
    probe: fromPromise(async () => undefined),
    noteWait: fromPromise(async () => undefined),
    endWait: fromPromise(async () => undefined),
    noteFailure: fromPromise(async () => undefined),
    recall: fromPromise(async () => undefined),
    confirm: fromPromise(async () => undefined),
    rollBack: fromPromise(async () => undefined),
    forgetOutcome: fromPromise(async () => undefined),
  },
  actions: {
    report: () => undefined,
    reportSwapped: () => undefined,
    reportHandedOver: () => undefined,
    reportFinish: () => undefined,
    reportTrial: () => undefined,
    reportOutcome: () => undefined,
    configure: () => undefined,
    remember: () => undefined,
    queue: () => undefined,
    beginPursuit: () => undefined,
    endPursuit: () => undefined,
    resume: () => undefined,
    accept: () => undefined,
    skip: () => undefined,
    refuse: () => undefined,
    beginNext: () => undefined,
    beginAnswered: () => undefined,
    keepStatus: () => undefined,
    keepStaged: () => undefined,
    keepPlaced: () => undefined,
    keepConfirmed: () => undefined,
    keepRolledBack: () => undefined,
    forgetOutcome: () => undefined,
    forgetFailed: () => undefined,
    keepAnswer: () => undefined,
    forgetAnswer: () => undefined,
    noteAnswer: () => undefined,
    noteNoAnswer: () => undefined,
    noteLink: () => undefined,
    wantTarget: () => undefined,
    noteReached: () => undefined,
    noteNoLink: () => undefined,
    postpone: () => undefined,
    noteDenial: () => undefined,
    suspect: () => undefined,
    chargeWait: () => undefined,
    forgetWait: () => undefined,
    fail: () => undefined,
    failSpent: () => undefined,
    failTrial: () => undefined,
  },
  guards: {
    isBetweenUpdates: () => false,
    hasNext: () => false,
    hasOutcome: () => false,
    hasLink: () => false,
    isAtWorkOverRest: () => false,
    hasNoLink: () => false,
    hasWait: () => false,
    hasWaitedEnough: () => false,
    isThere: () => false,
    isConvicted: () => false,
    isWorthRetrying: () => false,
    hasTrial: () => false,
    hasFailedBefore: () => false,
    isForApp: () => false,
    isSameVersion: () => false,
    isProgramReplaced: () => false,
    isRestarting: () => false,
    isSpent: () => false,
    isSupervised: () => false,
    canRetry: () => false,
    canRetryLate: () => false,
    isPostponed: () => false,
    isUnwanted: () => false,
    isUnanswered: () => false,
    isAnswered: () => false,
    hasErrand: () => false,
    hasNoErrand: () => false,
    isPursued: () => false,
    isTargetDue: () => false,
    isWorthIt: () => false,
    isWorthACommand: () => false,
  },
  delays: {
    recoverWithin: 120000,
    askWithin: 30000,
    downloadWithin: 600000,
    verifyWithin: 120000,
    stageWithin: 600000,
    swapWithin: 120000,
    restartWithin: 120000,
    handOverWithin: 600000,
    discardWithin: 120000,
    reachAgainAfter: 5000,
    healthyWithin: 120000,
    probeWithin: 10000,
    probeAfter: 15000,
    noteWithin: 30000,
    recallWithin: 30000,
    confirmWithin: 30000,
    rollBackWithin: 120000,
    tellWithin: 30000,
    askAgainAfter: 1000,
    retryAfter: 1000,
  },
}).createMachine({
  id: 'update',
  description: 'Updates the unit, one update at a time, and tests each new version in a trial.',
  initial: 'asleep',
  on: {
    'update.recover': { actions: [{ type: 'report', params: { type: 'update.recovered' } }] },
    'update.configure': { actions: [{ type: 'configure' }] },
    'update.start': [{ guard: 'isBetweenUpdates', actions: [{ type: 'remember' }] }, { actions: [{ type: 'queue' }] }],
    'update.pursue': { actions: [{ type: 'beginPursuit' }] },
    'broker.up': { actions: [{ type: 'noteLink' }] },
    'broker.down': { actions: [{ type: 'noteNoLink' }] },
    'update.askTarget': { actions: [{ type: 'wantTarget' }] },
    'broker.denied': { actions: [{ type: 'noteDenial' }] },
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
        onDone: [
          {
            guard: { type: 'isSpent' },
            target: 'rollingBack',
            actions: [{ type: 'keepStatus' }, { type: 'failSpent' }],
          },
          { guard: { type: 'hasWait' }, target: 'trial.probing', actions: [{ type: 'keepStatus' }] },
          { guard: { type: 'hasTrial' }, target: 'trial', actions: [{ type: 'keepStatus' }] },
          { target: 'idle', actions: [{ type: 'keepStatus' }] },
        ],
        onError: { target: 'idle', actions: [{ type: 'fail' }] },
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
      description: 'A version could not be had, or the instance has yet to say which one it wants: each at its own time.',
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
              always: [{ guard: 'isTargetDue', target: 'asking' }, { guard: 'isUnanswered', target: 'unanswered' }],
            },
            asking: {
              description: 'Asks the instance for its target version.',
              tags: ['busy'],
              invoke: {
                id: 'askTarget',
                src: 'askTarget',
                onDone: [
                  {
                    guard: { type: 'isPursued' },
                    target: '#update.downloading',
                    actions: [{ type: 'noteAnswer' }, { type: 'resume' }],
                  },
                  { guard: { type: 'isWorthACommand' }, target: 'requesting', actions: [{ type: 'keepAnswer' }] },
                  { guard: { type: 'isWorthIt' }, target: '#update.checking', actions: [{ type: 'beginAnswered' }] },
                  { target: 'answered', actions: [{ type: 'noteAnswer' }] },
                ],
                onError: { target: 'unanswered', actions: [{ type: 'noteNoAnswer' }] },
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
                onDone: { target: 'answered', actions: [{ type: 'noteAnswer' }] },
                onError: { target: 'unanswered', actions: [{ type: 'noteNoAnswer' }, { type: 'forgetAnswer' }] },
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
              always: [{ guard: 'isTargetDue', target: 'asking' }, { guard: 'isAnswered', target: 'answered' }],
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
        onDone: [
          { guard: { type: 'isWorthRetrying' }, target: 'downloading', actions: [{ type: 'accept' }] },
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
        onDone: { target: 'verifying', actions: [{ type: 'keepStaged' }] },
        onError: [
          { guard: { type: 'canRetry' }, target: 'idle', actions: [{ type: 'postpone' }] },
          { target: 'idle', actions: [{ type: 'fail' }] },
        ],
      },
      after: {
        downloadWithin: [
          { guard: 'canRetryLate', target: 'idle', actions: [{ type: 'postpone', params: { late: 'downloading' } }] },
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
        onDone: [{ guard: 'isProgramReplaced', target: 'staging' }, { target: 'swapping' }],
        onError: { target: 'discarding', actions: [{ type: 'fail' }] },
      },
      after: { verifyWithin: { target: 'discarding', actions: [{ type: 'fail', params: { late: 'verifying' } }] } },
    },
    staging: {
      description: 'Completes the staged version: by its compiled program, tested, or by the npm packages that it needs.',
      tags: ['busy'],
      invoke: {
        id: 'stage',
        src: 'stage',
        onDone: { target: 'swapping', actions: [{ type: 'keepStaged' }] },
        onError: [
          { guard: { type: 'canRetry' }, target: 'discarding', actions: [{ type: 'postpone' }] },
          { target: 'discarding', actions: [{ type: 'fail' }] },
        ],
      },
      after: {
        stageWithin: [
          { guard: 'canRetryLate', target: 'discarding', actions: [{ type: 'postpone', params: { late: 'staging' } }] },
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
        onDone: [
          { guard: 'isRestarting', target: 'restarting', actions: [{ type: 'reportSwapped' }] },
          { target: 'idle', actions: [{ type: 'keepPlaced' }, { type: 'reportSwapped' }, { type: 'reportFinish' }] },
        ],
        onError: { target: 'discarding', actions: [{ type: 'fail' }] },
      },
      after: { swapWithin: { target: 'restarting', actions: [{ type: 'fail', params: { late: 'swapping' } }] } },
    },
    restarting: {
      description: 'Restarts the program, which ends this process, if the mode asks for it.',
      tags: ['busy'],
      invoke: {
        id: 'restart',
        src: 'restart',
        onDone: { target: 'idle', actions: [{ type: 'reportFinish' }] },
        onError: { target: 'idle', actions: [{ type: 'fail' }] },
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
        onDone: { target: 'idle', actions: [{ type: 'reportHandedOver' }] },
        onError: { target: 'idle', actions: [{ type: 'fail' }] },
      },
      after: { handOverWithin: { target: 'idle', actions: [{ type: 'fail', params: { late: 'handingOver' } }] } },
    },
    discarding: {
      description: 'Removes the staged version that failed, ignoring errors.',
      tags: ['busy'],
      invoke: { id: 'discard', src: 'discard', onDone: { target: 'idle' }, onError: { target: 'idle' } },
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
              always: [{ guard: 'isAtWorkOverRest', target: 'reaching' }, { guard: 'hasLink', target: 'asking' }],
            },
            reaching: {
              description: 'Without MQTT, asks the instance over REST: its answer shows that it takes the unit.',
              invoke: {
                id: 'reach',
                src: 'askTarget',
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
                onDone: { target: '#update.confirming' },
                onError: { target: '#update.givingUp', actions: [{ type: 'fail' }] },
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
            onDone: [
              { guard: { type: 'isConvicted' }, target: '#update.givingUp', actions: [{ type: 'failTrial' }] },
              {
                guard: { type: 'isThere' },
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
          invoke: { id: 'noteWait', src: 'noteWait', onError: {} },
          after: { probeAfter: { target: 'probing' } },
        },
        resuming: {
          description: 'The running start counts from now on.',
          exit: [{ type: 'forgetWait' }],
          invoke: { id: 'endWait', src: 'endWait', onDone: { target: 'proving' }, onError: { target: 'proving' } },
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
        onDone: { target: 'idle', actions: [{ type: 'keepConfirmed' }] },
        onError: { target: 'givingUp', actions: [{ type: 'fail' }] },
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
        onDone: [
          { guard: 'isRestarting', target: 'restarting' },
          { target: 'idle', actions: [{ type: 'keepRolledBack' }] },
        ],
        onError: { target: 'idle', actions: [{ type: 'fail' }] },
      },
      after: { rollBackWithin: { target: 'restarting', actions: [{ type: 'fail', params: { late: 'rollingBack' } }] } },
    },
    telling: {
      description: 'Reports the outcome of the last update, and records that it was reported.',
      tags: ['busy'],
      entry: [{ type: 'reportOutcome' }],
      exit: [{ type: 'forgetOutcome' }],
      invoke: { id: 'forgetOutcome', src: 'forgetOutcome', onDone: { target: 'idle' }, onError: { target: 'idle' } },
      after: { tellWithin: { target: 'idle' } },
    },
  },
});

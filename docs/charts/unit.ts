/** The chart of the unit machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:
        | 'unit.start'
        | 'unit.stop'
        | 'update.recovered'
        | 'update.tried'
        | 'update.settled'
        | 'settings.loaded'
        | 'settings.failed'
        | 'schema.loaded'
        | 'schema.failed'
        | 'command.received'
        | 'mqtt.online'
        | 'mqtt.offline'
        | 'logger.flushed'
        | 'logger.failed'
        | 'mqtt.stopped'
        | 'settings.started'
        | 'schema.started'
        | 'wifi.started'
        | 'time.started'
        | 'mqtt.started'
        | 'update.started'
        | 'logger.started'
        | 'reset.started'
        | 'stateReporter.started'
        | 'settings.load'
        | 'settings.refresh'
        | 'schema.load'
        | 'schema.refresh'
        | 'time.sync'
        | 'mqtt.resubscribe'
        | 'update.start'
        | 'logger.sync'
        | 'reporter.report'
        | 'update.configure'
        | 'logger.toggle'
        | 'mqtt.connect'
        | 'mqtt.disconnect'
        | 'mqtt.alsoWant'
        | 'wifi.connect'
        | 'wifi.up'
        | 'wifi.down'
        | 'mqtt.connected'
        | 'mqtt.denied'
        | 'mqtt.granted'
        | 'update.swapped'
        | 'update.finished'
        | 'update.brokerFound'
        | 'reporter.sent'
        | 'child.steady'
        | 'update.began'
        | 'update.swapping'
        | 'cycle.start'
        | 'cycle.stop'
        | 'unit.restart';
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: {
    settings: fromPromise(async () => undefined),
    schema: fromPromise(async () => undefined),
    wifi: fromPromise(async () => undefined),
    time: fromPromise(async () => undefined),
    mqtt: fromPromise(async () => undefined),
    update: fromPromise(async () => undefined),
    logger: fromPromise(async () => undefined),
    stateReporter: fromPromise(async () => undefined),
    reset: fromPromise(async () => undefined),
    release: fromPromise(async () => undefined),
    mainCycle: fromPromise(async () => undefined),
    awaitFiles: fromPromise(async () => undefined),
    flush: fromPromise(async () => undefined),
    releaseOutbox: fromPromise(async () => undefined),
    handOver: fromPromise(async () => undefined),
  },
  actions: {
    log: () => undefined,
    noteLink: () => undefined,
    endWork: () => undefined,
    resumeWork: () => undefined,
    reopenOutbox: () => undefined,
    dispatch: () => undefined,
    announce: () => undefined,
    dispatchInitial: () => undefined,
    report: () => undefined,
    keepSettings: () => undefined,
    keepTopics: () => undefined,
    keepFailure: () => undefined,
    keepSink: () => undefined,
    keepHandsOver: () => undefined,
    keepPlaced: () => undefined,
    keepExtraTopics: () => undefined,
    wantWifi: () => undefined,
    forgetWifi: () => undefined,
    dropRestarts: () => undefined,
    noteNetwork: () => undefined,
    noteNoNetwork: () => undefined,
    noteDenied: () => undefined,
    noteDenial: () => undefined,
    noteGranted: () => undefined,
    keepMode: () => undefined,
    wantStart: () => undefined,
    forgetStart: () => undefined,
    wantLink: () => undefined,
    dropLink: () => undefined,
    countConnect: () => undefined,
    countDisconnect: () => undefined,
    countReport: () => undefined,
    countCommand: () => undefined,
    noteCrash: () => undefined,
    forgetRestarts: () => undefined,
    notify: () => undefined,
  },
  guards: {
    canRestart: () => false,
    isNotable: () => false,
    isConfigured: () => false,
    hasSettings: () => false,
    isStartDue: () => false,
    isLinkUnwanted: () => false,
    isRestOnly: () => false,
    isLeaving: () => false,
    isStaying: () => false,
    hasNoLink: () => false,
  },
  delays: {
    recoverWithin: 150000,
    flushWithin: 1500,
    disconnectWithin: 2500,
    closeWithin: 4800,
    restartFlushWithin: 5000,
    restartDisconnectWithin: 5000,
    restartAfter: 1000,
    retryAfter: 600000,
    holdAfter: 600000,
  },
}).createMachine({
  id: 'unit',
  description: 'A Pepeunit unit: its life cycle, its children, and what passes between them.',
  type: 'parallel',
  states: {
    lifecycle: {
      description: 'Life cycle of the unit.',
      initial: 'idle',
      states: {
        idle: {
          description: 'Not started.',
          on: { 'unit.start': { target: 'recovering' }, 'unit.stop': { target: 'closing.releasing' } },
        },
        recovering: {
          description: 'Waits for the recovery of an interrupted update, before any file is read.',
          tags: ['busy'],
          entry: [{ type: 'dispatch', params: { route: 'recover' } }],
          on: {
            'update.recovered': { target: 'loadingSettings' },
            'update.tried': { target: 'loadingSettings' },
            'update.settled': { target: 'loadingSettings' },
            'unit.stop': { target: 'closing' },
          },
          after: { recoverWithin: { target: 'loadingSettings' } },
        },
        loadingSettings: {
          description: 'Waits for env.json to be read.',
          tags: ['busy'],
          entry: [{ type: 'dispatch', params: { route: 'loadSettings' } }],
          on: {
            'settings.loaded': { target: 'loadingSchema' },
            'settings.failed': { target: 'misconfigured' },
            'unit.stop': { target: 'closing' },
          },
        },
        loadingSchema: {
          description: 'Waits for schema.json to be read.',
          tags: ['busy'],
          entry: [{ type: 'dispatch', params: { route: 'loadSchema' } }],
          on: {
            'schema.loaded': { target: 'operating' },
            'schema.failed': { target: 'misconfigured' },
            'unit.stop': { target: 'closing' },
          },
        },
        misconfigured: {
          description: 'env.json or schema.json can not be used; goes on as soon as it can.',
          tags: ['faulty'],
          entry: [{ type: 'report' }],
          on: {
            'unit.start': { target: 'recovering' },
            'settings.loaded': { target: 'loadingSchema' },
            'schema.loaded': { guard: 'hasSettings', target: 'operating' },
            'unit.stop': { target: 'closing.releasing' },
          },
        },
        operating: {
          description: 'Does its work, whether the broker is there or not.',
          tags: ['ready'],
          entry: [
            { type: 'dispatch', params: { route: 'wantTopics', isOperating: true } },
            { type: 'dispatch', params: { route: 'bringWifiUp', isOperating: true } },
            { type: 'dispatch', params: { route: 'recallReset' } },
            { type: 'dispatch', params: { route: 'resumeLink', isOperating: true } },
          ],
          exit: [{ type: 'wantLink' }, { type: 'dispatch', params: { route: 'passWishOn' } }],
          on: {
            'command.received': {
              actions: [{ type: 'countCommand' }, { type: 'dispatch', params: { route: 'obey' } }],
            },
            'unit.stop': { target: 'closing' },
          },
          initial: 'offline',
          states: {
            offline: {
              description: 'No link, or its topics are not answered yet.',
              tags: ['busy'],
              always: { guard: 'isRestOnly', target: 'restOnly' },
              on: { 'mqtt.online': { target: 'online' } },
            },
            restOnly: {
              description: 'MQTT is switched off: there is never a link, and the target version is asked for now.',
              entry: [
                {
                  type: 'log',
                  params: { level: 'Info', text: 'MQTT is switched off: the unit works over REST alone' },
                },
                { type: 'dispatch', params: { route: 'askTarget' } },
                { type: 'report', params: { type: 'restOnly' } },
              ],
            },
            online: {
              description: 'The link is open and the topics are subscribed to.',
              entry: [
                { type: 'dispatch', params: { route: 'passBrokerOn', isOnline: true } },
                { type: 'dispatch', params: { route: 'passHealthOn', isOnline: true } },
                { type: 'report', params: { type: 'online' } },
              ],
              exit: [
                { type: 'dispatch', params: { route: 'passBrokerOn', isOnline: false } },
                { type: 'dispatch', params: { route: 'passHealthOn', isOnline: false } },
                { type: 'report', params: { type: 'offline' } },
              ],
              on: { 'mqtt.offline': { target: 'offline' } },
            },
          },
        },
        closing: {
          description: 'Ends in order, within a time limit; a start requested meanwhile comes after.',
          tags: ['busy'],
          entry: [{ type: 'endWork' }, { type: 'forgetWifi' }, { type: 'dropRestarts' }],
          on: {
            'unit.start': { actions: [{ type: 'wantStart' }] },
            'unit.stop': { actions: [{ type: 'forgetStart' }] },
          },
          after: { closeWithin: { target: 'stopped' } },
          initial: 'flushing',
          states: {
            flushing: {
              description: 'Waits for the log to be flushed.',
              entry: [{ type: 'dispatch', params: { route: 'flushLog' } }],
              on: { 'logger.flushed': { target: 'disconnecting' }, 'logger.failed': { target: 'disconnecting' } },
              after: { flushWithin: { target: 'disconnecting' } },
            },
            disconnecting: {
              description: 'Waits until the link is closed.',
              entry: [{ type: 'dispatch', params: { route: 'leaveNetwork' } }],
              on: { 'mqtt.stopped': { target: 'releasing' } },
              after: { disconnectWithin: { target: 'releasing' } },
            },
            releasing: {
              description: 'Waits until the log and the messages that wait are put away.',
              invoke: {
                id: 'release',
                src: 'release',
                onDone: { target: '#unit.lifecycle.stopped' },
                onError: { target: '#unit.lifecycle.stopped', actions: [{ type: 'log' }] },
              },
            },
          },
        },
        stopped: {
          description: 'Ended; can be started again.',
          entry: [{ type: 'report', params: { type: 'stopped' } }],
          exit: [{ type: 'forgetStart' }, { type: 'resumeWork' }],
          always: { guard: 'isStartDue', target: 'recovering' },
          on: { 'unit.start': { target: 'recovering' } },
        },
      },
    },
    facts: {
      description: 'Handles requests and facts in any state.',
      on: {
        'settings.started': { actions: [{ type: 'dispatchInitial', params: { child: 'settings' } }] },
        'schema.started': { actions: [{ type: 'dispatchInitial', params: { child: 'schema' } }] },
        'wifi.started': { actions: [{ type: 'dispatchInitial', params: { child: 'wifi' } }] },
        'time.started': { actions: [{ type: 'dispatchInitial', params: { child: 'time' } }] },
        'mqtt.started': { actions: [{ type: 'dispatchInitial', params: { child: 'mqtt' } }] },
        'update.started': { actions: [{ type: 'dispatchInitial', params: { child: 'update' } }] },
        'logger.started': { actions: [{ type: 'dispatchInitial', params: { child: 'logger' } }] },
        'reset.started': { actions: [{ type: 'dispatchInitial', params: { child: 'reset' } }] },
        'stateReporter.started': { actions: [{ type: 'dispatchInitial', params: { child: 'stateReporter' } }] },
        'settings.load': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'settings.refresh': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'schema.load': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'schema.refresh': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'time.sync': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'mqtt.resubscribe': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'update.start': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'logger.sync': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'reporter.report': { actions: [{ type: 'dispatch', params: { route: 'forward' } }] },
        'update.configure': {
          actions: [{ type: 'keepHandsOver' }, { type: 'dispatch', params: { route: 'forward' } }],
        },
        'logger.toggle': { actions: [{ type: 'keepSink' }, { type: 'dispatch', params: { route: 'forward' } }] },
        'mqtt.connect': {
          guard: 'isLinkUnwanted',
          actions: [
            { type: 'wantLink' },
            { type: 'dispatch', params: { route: 'keepLink' } },
            { type: 'dispatch', params: { route: 'passWishOn' } },
          ],
        },
        'mqtt.disconnect': {
          actions: [
            { type: 'dropLink' },
            { type: 'dispatch', params: { route: 'forward' } },
            { type: 'dispatch', params: { route: 'passWishOn' } },
          ],
        },
        'mqtt.alsoWant': {
          actions: [{ type: 'keepExtraTopics' }, { type: 'dispatch', params: { route: 'wantTopics' } }],
        },
        'wifi.connect': { actions: [{ type: 'wantWifi' }, { type: 'dispatch', params: { route: 'joinWifi' } }] },
        'settings.loaded': {
          actions: [
            { type: 'dispatch', params: { route: 'rejoinWifi' } },
            { type: 'keepSettings' },
            { type: 'dispatch', params: { route: 'applySettings' } },
          ],
        },
        'settings.failed': { actions: [{ type: 'keepFailure' }] },
        'schema.loaded': {
          actions: [
            { type: 'keepTopics' },
            { type: 'dispatch', params: { route: 'wantTopics' } },
            { type: 'dispatch', params: { route: 'holdReporter' } },
          ],
        },
        'schema.failed': { actions: [{ type: 'keepFailure' }] },
        'wifi.up': { actions: [{ type: 'noteNetwork' }, { type: 'dispatch', params: { route: 'passNetworkOn' } }] },
        'wifi.down': { actions: [{ type: 'noteNoNetwork' }, { type: 'dispatch', params: { route: 'passNetworkOn' } }] },
        'mqtt.connected': { actions: [{ type: 'countConnect' }] },
        'mqtt.online': {
          actions: [
            { type: 'noteDenied' },
            { type: 'noteLink' },
            { type: 'dispatch', params: { route: 'renewHealth' } },
          ],
        },
        'mqtt.offline': { actions: [{ type: 'countDisconnect' }] },
        'mqtt.denied': { actions: [{ type: 'noteDenial' }, { type: 'dispatch', params: { route: 'passDenialOn' } }] },
        'mqtt.granted': { actions: [{ type: 'noteGranted' }] },
        'update.swapped': { actions: [{ type: 'keepPlaced' }] },
        'update.finished': { actions: [{ type: 'dispatch', params: { route: 'reloadFiles' } }] },
        'update.brokerFound': { actions: [{ type: 'dispatch', params: { route: 'retryLink' } }] },
        'reporter.sent': { actions: [{ type: 'countReport' }] },
        'child.steady': { actions: [{ type: 'forgetRestarts' }] },
      },
    },
    notices: {
      description: 'Logs and emits the notice of each event.',
      on: { '*': { guard: 'isNotable', actions: [{ type: 'notify' }] } },
    },
    reports: {
      description: 'Decides when state reports may name the running version.',
      initial: 'free',
      states: {
        free: {
          description: 'No update is in progress: the running version is reported.',
          on: {
            'update.began': { target: 'lapsing' },
            'update.swapping': { target: 'held' },
            'update.tried': { target: 'held' },
          },
        },
        lapsing: {
          description: 'An update is in progress; the old version is reported for two more intervals.',
          on: {
            'update.swapping': { target: 'held' },
            'update.tried': { target: 'held' },
            'update.settled': { target: 'free' },
          },
          after: { holdAfter: { target: 'held' } },
        },
        held: {
          description: 'Nothing is reported until the update has ended or the trial is confirmed.',
          entry: [{ type: 'dispatch', params: { route: 'holdReporter', isReportHeld: true } }],
          exit: [{ type: 'dispatch', params: { route: 'holdReporter', isReportHeld: false } }],
          on: { 'update.settled': { target: 'free' } },
        },
      },
    },
    mainCycle: {
      description: "Decides when the app's output handler is called in a cycle.",
      initial: 'off',
      states: {
        off: {
          description: 'The app does not ask for it, or the unit was stopped.',
          on: { 'cycle.start': { target: 'on' } },
        },
        on: {
          description: 'The app asks for it.',
          on: { 'cycle.stop': { target: 'off' }, 'unit.stop': { target: 'off' } },
          initial: 'waiting',
          states: {
            waiting: {
              description: 'Waits for the settings and the schema, which the handler uses.',
              always: [{ guard: 'isLeaving', target: 'paused' }, { guard: 'isConfigured', target: 'turning' }],
            },
            turning: {
              description: 'The handler is called, unless its last call is not over.',
              always: { guard: 'isLeaving', target: 'paused' },
              invoke: {
                id: 'mainCycle',
                src: 'mainCycle',
                onError: { target: '#unit.mainCycle.off', actions: [{ type: 'log' }] },
              },
            },
            paused: {
              description: 'The program leaves; if it has to stay, the calls go on.',
              always: { guard: 'isStaying', target: 'waiting' },
            },
          },
        },
      },
    },
    program: {
      description: 'Decides when another process takes the program over.',
      initial: 'running',
      states: {
        running: {
          description: 'The program runs here.',
          on: { 'unit.restart': { target: 'awaitingFiles', actions: [{ type: 'keepMode' }] } },
        },
        awaitingFiles: {
          description: 'A restart is due, once no update has files half in place.',
          on: { 'unit.stop': { target: 'running' } },
          invoke: {
            id: 'awaitFiles',
            src: 'awaitFiles',
            onDone: { target: 'leaving' },
            onError: { target: 'leaving' },
          },
        },
        leaving: {
          description: 'Lets go in order, each within a time limit; a stop overtakes it.',
          on: {
            'unit.stop': {
              target: 'running',
              actions: [{ type: 'dispatch', params: { route: 'passWishOn', isLeaving: false } }],
            },
          },
          initial: 'flushing',
          states: {
            flushing: {
              description: 'Waits until what was logged is out.',
              invoke: {
                id: 'flush',
                src: 'flush',
                onDone: { target: 'disconnecting' },
                onError: { target: 'disconnecting' },
              },
              after: { restartFlushWithin: { target: 'disconnecting' } },
            },
            disconnecting: {
              description: 'Waits until the link is closed, if there is one.',
              entry: [
                { type: 'dispatch', params: { route: 'closeLink' } },
                { type: 'dispatch', params: { route: 'passWishOn', isLeaving: true } },
              ],
              always: { guard: 'hasNoLink', target: 'releasing' },
              on: { 'mqtt.stopped': { target: 'releasing' } },
              after: { restartDisconnectWithin: { target: 'releasing' } },
            },
            releasing: {
              description: 'Waits until the messages that wait are left to the next program.',
              invoke: {
                id: 'releaseOutbox',
                src: 'releaseOutbox',
                onDone: { target: 'handingOver' },
                onError: { target: 'handingOver' },
              },
            },
            handingOver: {
              description: 'Another process takes over, which a stop does not hinder; the unit goes on if it can not.',
              on: { 'unit.stop': {} },
              invoke: {
                id: 'handOver',
                src: 'handOver',
                onDone: { target: '#unit.program.replaced' },
                onError: {
                  target: '#unit.program.running',
                  actions: [
                    { type: 'reopenOutbox' },
                    { type: 'dispatch', params: { route: 'keepLink', isLeaving: false } },
                    { type: 'dispatch', params: { route: 'passWishOn', isLeaving: false } },
                    { type: 'report' },
                  ],
                },
              },
            },
          },
        },
        replaced: { description: 'Another process runs the program, and this one only forwards to it.' },
      },
    },
    children: {
      description: 'Keeps the child machines running.',
      initial: 'due',
      states: {
        due: {
          description: 'They start at once, by one transition: XState takes much longer for as many regions that are initial.',
          always: { target: 'kept' },
        },
        kept: {
          description: 'Each child has a region that keeps it running.',
          type: 'parallel',
          states: {
            settings: {
              description: 'Keeps the settings machine running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'settings',
                    src: 'settings',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
            schema: {
              description: 'Keeps the schema machine running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'schema',
                    src: 'schema',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
            wifi: {
              description: 'Keeps the wifi machine running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'wifi',
                    src: 'wifi',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
            time: {
              description: 'Keeps the time machine running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'time',
                    src: 'time',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
            mqtt: {
              description: 'Keeps the mqtt machine running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'mqtt',
                    src: 'mqtt',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
            update: {
              description: 'Keeps the update machine running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'update',
                    src: 'update',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
            logger: {
              description: 'Keeps the logger machine running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'logger',
                    src: 'logger',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
            reset: {
              description: 'Keeps the reset machine running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'reset',
                    src: 'reset',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
            stateReporter: {
              description: 'Keeps the state reporter running.',
              initial: 'running',
              states: {
                running: {
                  description: 'It runs.',
                  invoke: {
                    id: 'stateReporter',
                    src: 'stateReporter',
                    onError: [
                      {
                        guard: { type: 'canRestart' },
                        target: 'restarting',
                        actions: [{ type: 'log' }, { type: 'noteCrash' }],
                      },
                      { target: 'failed', actions: [{ type: 'log' }, { type: 'noteCrash' }] },
                    ],
                  },
                },
                restarting: {
                  description: 'It failed and starts again soon.',
                  tags: ['busy'],
                  after: { restartAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
                failed: {
                  description: 'It failed too often and is off for a while; then it has one more start.',
                  tags: ['faulty'],
                  after: { retryAfter: { target: 'running', actions: [{ type: 'announce' }] } },
                },
              },
            },
          },
        },
      },
    },
  },
});

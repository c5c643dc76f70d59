import type { UpdateTarget } from '../../services/update.ts';
import type { UnitSettings } from '../../services/settings.ts';
import type { ChildName, CommandName, ForwardedEvent, Known, Message, PendingMessage, UnitEvent } from './context.ts';

const wantTopics = ({ isOperating, topics, extraTopics }: Known): Message[] =>
  isOperating
    ? [{ to: 'mqtt', event: { type: 'mqtt.want', topics: [...(topics?.subscribed ?? []), ...extraTopics] } }]
    : [];

const keepLink = ({ isOperating, isLinkWanted, isRestOnly, settings }: Known): Message[] =>
  isOperating && isLinkWanted && isRestOnly !== true && settings
    ? [
        {
          to: 'mqtt',
          event: {
            type: 'mqtt.connect',
            linkRevision: settings.linkRevision,
            pingIntervalMs: settings.pingIntervalMs,
          },
        },
      ]
    : [];

const joinWifi = ({ settings }: Known): Message[] => {
  if (!settings) return [];
  const { wifiSsid: ssid, maxReconnectionMs, wifiRevision: revision } = settings;
  return [{ to: 'wifi', event: { type: 'wifi.connect', ssid, maxReconnectionMs, revision } }];
};

const bringWifiUp = (context: Known): Message[] => {
  if (!context.isOperating || !context.settings) return [];
  return context.managesWifi ? joinWifi(context) : [{ to: 'wifi', event: { type: 'wifi.assume' } }];
};

const networkMessage = (to: 'time' | 'mqtt', { hasNetwork }: Known): Message => ({
  to,
  event: { type: hasNetwork ? 'network.up' : 'network.down' },
});

const loggerMessage = ({ isOnline }: Known): Message => ({
  to: 'logger',
  event: { type: isOnline ? 'broker.up' : 'broker.down' },
});

const reporterMessage = ({ isOnline }: Known): Message => ({
  to: 'stateReporter',
  event: { type: isOnline ? 'broker.up' : 'broker.down' },
});

/** Holds state reports while the running version is not settled, and where the schema has no topic for them. */
const holdMessage = ({ isReportHeld, topics }: Known): Message => ({
  to: 'stateReporter',
  event: { type: isReportHeld || topics?.reportsState === false ? 'reporter.hold' : 'reporter.resume' },
});

const updateMessage = ({ isOnline, deniedTopics }: Known): Message => ({
  to: 'update',
  event: isOnline ? { type: 'broker.up', denied: deniedTopics } : { type: 'broker.down' },
});

const settingsMessage = ({ isOnline, deniedTopics }: Known): Message => ({
  to: 'settings',
  event: isOnline ? { type: 'broker.up', denied: deniedTopics } : { type: 'broker.down' },
});

const configureUpdate = ({ settings, handsOver }: Known): Message => ({
  to: 'update',
  event: { type: 'update.configure', handsOver, ...(settings && { commitVersion: settings.commitVersion }) },
});

const recallReset: Message = { to: 'reset', event: { type: 'reset.recall' } };

/** Without MQTT no connect asks for the target version. */
const askTarget = ({ isOperating, isRestOnly }: Known): Message[] =>
  isOperating && isRestOnly === true ? [{ to: 'update', event: { type: 'update.askTarget' } }] : [];

const recover: Message = { to: 'update', event: { type: 'update.recover' } };

const configureReporter = ({ settings }: Known): Message[] =>
  settings
    ? [
        {
          to: 'stateReporter',
          event: {
            type: 'reporter.configure',
            commitVersion: settings.commitVersion,
            intervalMs: settings.stateSendIntervalMs,
          },
        },
      ]
    : [];

const configureLogger = ({ logConfig: { minLevel, maxLength } }: Known): Message => ({
  to: 'logger',
  event: { type: 'logger.configure', minLevel, maxLength },
});

/** Initial messages of each child, so that a restarted one resumes at the unit's current state. */
export const initialMessages: { [K in ChildName]: (context: Known) => Message[] } = {
  settings: (context) => [settingsMessage(context)],
  schema: () => [],
  wifi: bringWifiUp,
  time: (context) => [networkMessage('time', context)],
  mqtt: (context) => [...wantTopics(context), networkMessage('mqtt', context), ...keepLink(context)],
  update: (context) => [
    configureUpdate(context),
    ...(context.isOperating ? [recover, updateMessage(context)] : []),
    ...askTarget(context),
  ],
  logger: (context) => [loggerMessage(context)],
  reset: ({ isOperating }) => (isOperating ? [recallReset] : []),
  stateReporter: (context) => [holdMessage(context), ...configureReporter(context), reporterMessage(context)],
};

const recipients: Readonly<Record<ForwardedEvent['type'], ChildName>> = {
  'settings.load': 'settings',
  'settings.refresh': 'settings',
  'schema.load': 'schema',
  'schema.refresh': 'schema',
  'time.sync': 'time',
  'mqtt.disconnect': 'mqtt',
  'mqtt.resubscribe': 'mqtt',
  'update.start': 'update',
  'update.configure': 'update',
  'logger.sync': 'logger',
  'logger.toggle': 'logger',
  'reporter.report': 'stateReporter',
};

const isForwarded = (event: UnitEvent): event is ForwardedEvent => Object.hasOwn(recipients, event.type);

/** Forwards the event itself to its child. */
const forward = (event: UnitEvent): Message[] =>
  isForwarded(event) ? [{ to: recipients[event.type], event } as Message] : [];

const commandMessages: Readonly<Record<CommandName, (target: UpdateTarget | undefined) => Message[]>> = {
  update: (target) =>
    target
      ? [
          { to: 'update', event: { type: 'update.pursue', target } },
          { to: 'update', event: { type: 'update.start', target } },
        ]
      : [],
  env_update: () => [
    { to: 'settings', event: { type: 'settings.pursue' } },
    { to: 'settings', event: { type: 'settings.refresh' } },
  ],
  schema_update: () => [
    { to: 'schema', event: { type: 'schema.pursue' } },
    { to: 'schema', event: { type: 'schema.refresh' } },
  ],
  log_sync: () => [{ to: 'logger', event: { type: 'logger.sync' } }],
  reset: () => [{ to: 'reset', event: { type: 'reset.restart' } }],
};

const obey = (event: UnitEvent): Message[] =>
  event.type === 'command.received' ? commandMessages[event.command](event.target) : [];

/** Whether the WiFi network in the settings has changed. */
const isOtherWifi = (before: UnitSettings | undefined, after: UnitSettings): boolean =>
  before === undefined ||
  before.wifiRevision !== after.wifiRevision ||
  before.wifiSsid !== after.wifiSsid ||
  before.maxReconnectionMs !== after.maxReconnectionMs;

const rejoinWifi = (context: Known, event: UnitEvent): Message[] =>
  event.type === 'settings.loaded' && context.managesWifi && isOtherWifi(context.settings, event.settings)
    ? bringWifiUp({ ...context, settings: event.settings })
    : [];

const reloadFiles = (event: UnitEvent): Message[] =>
  event.type === 'update.finished' && event.mode === 'env_schema_only'
    ? [
        { to: 'settings', event: { type: 'settings.load' } },
        { to: 'schema', event: { type: 'schema.load' } },
      ]
    : [];

/** Every message that the unit sends to its children, by the name of its route in the statechart. */
export const routes = {
  recover: () => [recover],
  recallReset: () => [recallReset],
  loadSettings: () => [{ to: 'settings', event: { type: 'settings.load' } }],
  loadSchema: () => [{ to: 'schema', event: { type: 'schema.load' } }],
  bringWifiUp,
  joinWifi,
  rejoinWifi,
  passNetworkOn: (context) => [networkMessage('time', context), networkMessage('mqtt', context), ...keepLink(context)],
  keepLink,
  resumeLink: (context) => (context.hasNetwork ? keepLink(context) : []),
  askTarget,
  retryLink: () => [{ to: 'mqtt', event: { type: 'mqtt.retry' } }],
  wantTopics,
  applySettings: (context) => [
    configureUpdate(context),
    configureLogger(context),
    ...configureReporter(context),
    ...keepLink(context),
  ],
  passBrokerOn: (context) => [loggerMessage(context), reporterMessage(context)],
  passDenialOn: () => (['settings', 'update'] as const).map((to) => ({ to, event: { type: 'broker.denied' } })),
  passHealthOn: (context) => [settingsMessage(context), updateMessage(context)],
  holdReporter: (context) => [holdMessage(context)],
  reloadFiles: (_, event) => reloadFiles(event),
  obey: (_, event) => obey(event),
  forward: (_, event) => forward(event),
  flushLog: () => [{ to: 'logger', event: { type: 'logger.flush' } }],
  leaveNetwork: () => [
    { to: 'mqtt', event: { type: 'mqtt.disconnect' } },
    { to: 'wifi', event: { type: 'wifi.disconnect' } },
  ],
} satisfies Record<string, (context: Known, event: UnitEvent) => Message[]>;

export type RouteName = keyof typeof routes;

/** Queues messages for children that are not running, the newest of each kind; what the app asked for is a kind apart. */
export const withPending = (
  before: readonly PendingMessage[],
  messages: readonly PendingMessage[],
): PendingMessage[] => {
  const isNewer = (old: PendingMessage) =>
    messages.some(
      ({ to, event, isRequested }) => to === old.to && event.type === old.event.type && isRequested === old.isRequested,
    );
  return [...before.filter((old) => !isNewer(old)), ...messages];
};

/** The messages that still wait once a child is off: its requests were rejected, and are not done later. */
export const withoutRequests = (pending: readonly PendingMessage[], child: ChildName): PendingMessage[] =>
  pending.filter(({ to, isRequested }) => to !== child || !isRequested);

import type { Failure } from '../../services/errors.ts';
import type { UnitSettings } from '../../services/settings.ts';
import type { ChildFact, ChildName, Message, PassedEvent, UnitContext, UnitEvent } from './context.ts';

const wantTopics = ({ isOperating, topics, extraTopics }: UnitContext): Message[] =>
  isOperating
    ? [{ to: 'mqtt', event: { type: 'mqtt.want', topics: [...(topics?.subscribed ?? []), ...extraTopics] } }]
    : [];

const keepLink = ({ isOperating, isLinkWanted, settings }: UnitContext): Message[] =>
  isOperating && isLinkWanted && settings
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

const bringWifiUp = ({ isOperating, managesWifi, settings }: UnitContext): Message[] => {
  if (!isOperating || !settings) return [];
  if (!managesWifi) return [{ to: 'wifi', event: { type: 'wifi.assume' } }];
  const { wifiSsid: ssid, maxReconnectionMs, wifiRevision: revision } = settings;
  return [{ to: 'wifi', event: { type: 'wifi.connect', ssid, maxReconnectionMs, revision } }];
};

const tellNetwork = (to: 'time' | 'mqtt', { hasNetwork }: UnitContext): Message => ({
  to,
  event: { type: hasNetwork ? 'network.up' : 'network.down' },
});

const tellLogger = ({ isOnline }: UnitContext): Message => ({
  to: 'logger',
  event: { type: isOnline ? 'broker.up' : 'broker.down' },
});

const tellReporter = ({ isOnline }: UnitContext): Message => ({
  to: 'stateReporter',
  event: { type: isOnline ? 'broker.up' : 'broker.down' },
});

/** Nothing is reported while it is not settled which version runs. */
const holdReporter = ({ isReportHeld }: UnitContext): Message => ({
  to: 'stateReporter',
  event: { type: isReportHeld ? 'reporter.hold' : 'reporter.resume' },
});

const tellUpdate = ({ isOnline, deniedTopics }: UnitContext): Message => ({
  to: 'update',
  event: isOnline ? { type: 'broker.up', denied: deniedTopics } : { type: 'broker.down' },
});

const configureUpdate = ({ settings, handsOver }: UnitContext): Message => ({
  to: 'update',
  event: { type: 'update.configure', handsOver, ...(settings && { commitVersion: settings.commitVersion }) },
});

const recover: Message = { to: 'update', event: { type: 'update.recover' } };

const configureReporter = ({ settings }: UnitContext): Message[] =>
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

const configureLogger = ({ logConfig: { minLevel, maxLength } }: UnitContext): Message => ({
  to: 'logger',
  event: { type: 'logger.configure', minLevel, maxLength },
});

/** What a child must know when it starts, so that one that was started again goes on where the unit is. */
export const briefs: { [K in ChildName]: (context: UnitContext) => Message[] } = {
  settings: () => [],
  schema: () => [],
  wifi: bringWifiUp,
  time: (context) => [tellNetwork('time', context)],
  mqtt: (context) => [...wantTopics(context), tellNetwork('mqtt', context), ...keepLink(context)],
  update: (context) => [configureUpdate(context), ...(context.isOperating ? [recover, tellUpdate(context)] : [])],
  logger: (context) => [tellLogger(context)],
  stateReporter: (context) => [holdReporter(context), ...configureReporter(context), tellReporter(context)],
};

const recipients: Record<PassedEvent['type'], ChildName> = {
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

const pass = (event: UnitEvent): Message[] => {
  const to = Object.hasOwn(recipients, event.type) ? recipients[event.type as PassedEvent['type']] : undefined;
  return to === undefined ? [] : [{ to, event } as Message];
};

const obey = (event: UnitEvent): Message[] => {
  if (event.type !== 'command.received') return [];
  const { command, target } = event;
  if (command === 'env_update') return [{ to: 'settings', event: { type: 'settings.refresh' } }];
  if (command === 'schema_update') return [{ to: 'schema', event: { type: 'schema.refresh' } }];
  if (command === 'log_sync') return [{ to: 'logger', event: { type: 'logger.sync' } }];
  return target ? [{ to: 'update', event: { type: 'update.start', target } }] : [];
};

/** Whether the WiFi network that the settings name is another one now. */
const isOtherWifi = (before: UnitSettings | undefined, after: UnitSettings): boolean =>
  before === undefined ||
  before.wifiRevision !== after.wifiRevision ||
  before.wifiSsid !== after.wifiSsid ||
  before.maxReconnectionMs !== after.maxReconnectionMs;

const rejoinWifi = (context: UnitContext, event: UnitEvent): Message[] =>
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

/** Everything that the unit tells its children, by the name that its statechart gives it. */
export const orders = {
  recover: () => [recover],
  loadSettings: () => [{ to: 'settings', event: { type: 'settings.load' } }],
  loadSchema: () => [{ to: 'schema', event: { type: 'schema.load' } }],
  bringWifiUp,
  rejoinWifi,
  passNetworkOn: (context) => [tellNetwork('time', context), tellNetwork('mqtt', context), ...keepLink(context)],
  keepLink,
  wantTopics,
  applySettings: (context) => [
    configureUpdate(context),
    configureLogger(context),
    ...configureReporter(context),
    ...keepLink(context),
  ],
  passBrokerOn: (context) => [tellLogger(context), tellReporter(context)],
  passHealthOn: (context) => [tellUpdate(context)],
  holdReporter: (context) => [holdReporter(context)],
  reloadFiles: (_, event) => reloadFiles(event),
  obey: (_, event) => obey(event),
  pass: (_, event) => pass(event),
  flushLog: () => [{ to: 'logger', event: { type: 'logger.flush' } }],
  leaveNetwork: () => [
    { to: 'mqtt', event: { type: 'mqtt.disconnect' } },
    { to: 'wifi', event: { type: 'wifi.disconnect' } },
  ],
} satisfies Record<string, (context: UnitContext, event: UnitEvent) => Message[]>;

export type OrderName = keyof typeof orders;

/** Keeps what a child that is not running was told, the newest of each kind, until it runs again. */
export const held = (before: readonly Message[], messages: readonly Message[]): Message[] => {
  const isNewer = (old: Message) => messages.some(({ to, event }) => to === old.to && event.type === old.event.type);
  return [...before.filter((old) => !isNewer(old)), ...messages];
};

/**
 * What is lost with a child that failed, told as the child itself would have.
 *
 * While the unit starts, settings and schema are asked for again as soon as their machine runs again.
 */
export const lossOf = (child: ChildName, failure: Failure, isRestarted: boolean, context: UnitContext): ChildFact[] => {
  const isAskedAgain = isRestarted && !context.isOperating;
  switch (child) {
    case 'settings':
      return isAskedAgain ? [] : [{ type: 'settings.failed', failure, during: 'load' }];
    case 'schema':
      return isAskedAgain ? [] : [{ type: 'schema.failed', failure, during: 'load' }];
    case 'wifi':
      return context.hasNetwork ? [{ type: 'wifi.down' }] : [];
    case 'time':
      return [{ type: 'time.failed', failure }];
    case 'mqtt':
      return context.isOnline ? [{ type: 'mqtt.offline', failure }] : [];
    case 'logger':
      return [{ type: 'logger.failed', failure }];
    case 'stateReporter':
      return [{ type: 'reporter.failed', failure }];
    case 'update':
      return isAskedAgain ? [] : [{ type: 'update.recovered' }];
  }
};

import type { UpdateTarget } from '../../services/update.ts';
import type { UnitSettings } from '../../services/settings.ts';
import type { ChildName, ForwardedEvent, Message, UnitEvent } from './context.ts';
import type { CommandName } from './emitted.ts';
import {
  afterFiles,
  atWork,
  byThisEnv,
  onceConfigured,
  onceReading,
  onceStarted,
  onlyFor,
  send,
  sinceDenied,
  standing,
  whileOnline,
  whileWifiWanted,
  withNetwork,
  type Send,
} from './send.ts';

const recover = send('update', ['update.recover'], () => ({ type: 'update.recover' }));
const recallReset = send('reset', ['reset.recall'], () => ({ type: 'reset.recall' }));
const loadSettings = send('settings', ['settings.load'], () => ({ type: 'settings.load' }));
const loadSchema = send('schema', ['schema.load'], () => ({ type: 'schema.load' }));

const wantTopics = atWork(
  send('mqtt', ['mqtt.want'], ({ topics, extraTopics }) => ({
    type: 'mqtt.want',
    topics: [...(topics?.subscribed ?? []), ...extraTopics],
  })),
);

const keepLink = atWork(
  send('mqtt', ['mqtt.connect'], ({ isLinkWanted, isLeaving, isRestOnly, settings }) =>
    isLinkWanted && !isLeaving && isRestOnly !== true && settings
      ? { type: 'mqtt.connect', linkRevision: settings.linkRevision, pingIntervalMs: settings.pingIntervalMs }
      : undefined,
  ),
);

const resumeLink = withNetwork(keepLink);

const joining = ({ wifiSsid: ssid, maxReconnectionMs, wifiRevision: revision }: UnitSettings) =>
  ({ type: 'wifi.connect', ssid, maxReconnectionMs, revision }) as const;

const joinWifi = send('wifi', ['wifi.connect'], ({ settings }) => settings && joining(settings));

const assumeWifi = send('wifi', ['wifi.assume'], () => ({ type: 'wifi.assume' }));

const bringWifiUp = whileWifiWanted({
  to: 'wifi',
  types: [...joinWifi.types, ...assumeWifi.types],
  messages: (known, event) => {
    if (!known.settings) return [];
    return (known.managesWifi ? joinWifi : assumeWifi).messages(known, event);
  },
});

/** Whether the WiFi network in the settings has changed. */
const isOtherWifi = (before: UnitSettings | undefined, after: UnitSettings): boolean =>
  before === undefined ||
  before.wifiRevision !== after.wifiRevision ||
  before.wifiSsid !== after.wifiSsid ||
  before.maxReconnectionMs !== after.maxReconnectionMs;

const rejoinWifi = atWork(
  send('wifi', ['wifi.connect'], ({ managesWifi, settings }, event) =>
    event.type === 'settings.loaded' && managesWifi && isOtherWifi(settings, event.settings)
      ? joining(event.settings)
      : undefined,
  ),
);

const networkTo = (to: 'time' | 'mqtt'): Send =>
  send(to, ['network.up', 'network.down'], ({ hasNetwork }) => ({ type: hasNetwork ? 'network.up' : 'network.down' }));

const linkTo = (to: 'logger' | 'stateReporter'): Send =>
  send(to, ['broker.up', 'broker.down'], ({ isOnline }) => ({ type: isOnline ? 'broker.up' : 'broker.down' }));

const healthTo = (to: 'settings' | 'update'): Send =>
  send(to, ['broker.up', 'broker.down'], ({ isOnline, denial }) =>
    isOnline ? { type: 'broker.up', denied: denial?.topics ?? [] } : { type: 'broker.down' },
  );

const denialTo = (to: 'settings' | 'update'): Send =>
  send(to, ['broker.denied'], ({ denial }) => ({
    type: 'broker.denied',
    ...(denial && denial.topics.length > 0 && { topics: denial.topics }),
  }));

const closeLink = atWork(
  send('mqtt', ['mqtt.disconnect'], ({ isRestOnly }) =>
    isRestOnly === true ? undefined : { type: 'mqtt.disconnect' },
  ),
);

const passWishOn = send('settings', ['broker.wanted', 'broker.unwanted'], ({ isLinkWanted, isLeaving }) => ({
  type: isLinkWanted && !isLeaving ? 'broker.wanted' : 'broker.unwanted',
}));

/** Holds state reports while the running version is not settled, and where the schema has no topic for them. */
const holdReporter = send('stateReporter', ['reporter.hold', 'reporter.resume'], ({ isReportHeld, topics }) => ({
  type: isReportHeld || topics?.reportsState === false ? 'reporter.hold' : 'reporter.resume',
}));

const configureUpdate = send('update', ['update.configure'], ({ settings, handsOver }) => ({
  type: 'update.configure',
  handsOver,
  ...(settings && { commitVersion: settings.commitVersion }),
}));

const configureReporter = send('stateReporter', ['reporter.configure'], ({ settings }) =>
  settings
    ? { type: 'reporter.configure', commitVersion: settings.commitVersion, intervalMs: settings.stateSendIntervalMs }
    : undefined,
);

const configureLogger = send('logger', ['logger.configure'], ({ logConfig: { minLevel, maxLength } }) => ({
  type: 'logger.configure',
  minLevel,
  maxLength,
}));

/** Without MQTT no connect asks for the target version. */
const askTarget = atWork(
  send('update', ['update.askTarget'], ({ isRestOnly }) =>
    isRestOnly === true ? { type: 'update.askTarget' } : undefined,
  ),
);

/**
 * Messages to a child that runs again, so that it resumes where the unit stands. At the start of a unit there are none: what
 * a child assumes is so.
 */
export const initialMessages: Readonly<Record<ChildName, readonly Send[]>> = {
  settings: [
    onceReading(loadSettings),
    standing(healthTo('settings'), 'broker.down'),
    standing(sinceDenied(byThisEnv(denialTo('settings')))),
    standing(passWishOn, 'broker.wanted'),
  ],
  schema: [onceConfigured(onceReading(loadSchema))],
  wifi: [standing(bringWifiUp, 'wifi.disconnect')],
  time: [standing(networkTo('time'), 'network.down')],
  mqtt: [standing(wantTopics), standing(networkTo('mqtt'), 'network.down'), standing(keepLink)],
  update: [
    standing(onceConfigured(configureUpdate)),
    standing(onceStarted(recover)),
    standing(healthTo('update'), 'broker.down'),
    standing(sinceDenied(denialTo('update'))),
    standing(askTarget),
  ],
  logger: [standing(linkTo('logger'), 'broker.down')],
  reset: [standing(atWork(recallReset))],
  stateReporter: [
    standing(holdReporter, 'reporter.resume'),
    standing(configureReporter),
    standing(linkTo('stateReporter'), 'broker.down'),
  ],
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

/** Forwards the event itself to its child. */
const forward: readonly Send[] = Object.entries(recipients).map(([type, to]) => ({
  to,
  types: [type],
  of: type,
  messages: (_, event) => (event.type === type ? [{ to, event } as Message] : []),
}));

const targetOf = (event: UnitEvent): UpdateTarget | undefined =>
  event.type === 'command.received' ? event.target : undefined;

const pursueTarget = send('update', ['update.pursue'], (_, event) => {
  const target = targetOf(event);
  return target && { type: 'update.pursue', target };
});
const startUpdate = send('update', ['update.start'], (_, event) => {
  const target = targetOf(event);
  return target && { type: 'update.start', target };
});

/** What carries out each command of the instance. */
const commandMessages: Readonly<Record<CommandName, readonly Send[]>> = {
  update: [pursueTarget, startUpdate],
  env_update: [
    send('settings', ['settings.pursue'], () => ({ type: 'settings.pursue' })),
    send('settings', ['settings.refresh'], () => ({ type: 'settings.refresh' })),
  ],
  schema_update: [
    send('schema', ['schema.pursue'], () => ({ type: 'schema.pursue' })),
    send('schema', ['schema.refresh'], () => ({ type: 'schema.refresh' })),
  ],
  log_sync: [send('logger', ['logger.sync'], () => ({ type: 'logger.sync' }))],
  reset: [send('reset', ['reset.restart'], () => ({ type: 'reset.restart' }))],
};

const obey: readonly Send[] = Object.entries(commandMessages).flatMap(([command, sends]) =>
  sends.map((one) => onlyFor(command, (event) => event.type === 'command.received' && event.command === command, one)),
);

/** Every message that the unit sends to its children, by the name of its route in the statechart, in order. */
export const routes = {
  recover: [recover],
  recallReset: [recallReset],
  loadSettings: [loadSettings],
  loadSchema: [loadSchema],
  bringWifiUp: [bringWifiUp],
  joinWifi: [joinWifi],
  rejoinWifi: [rejoinWifi],
  passNetworkOn: [networkTo('time'), networkTo('mqtt'), keepLink],
  keepLink: [keepLink],
  closeLink: [closeLink],
  resumeLink: [resumeLink],
  askTarget: [askTarget],
  retryLink: [send('mqtt', ['mqtt.retry'], () => ({ type: 'mqtt.retry' }))],
  wantTopics: [wantTopics],
  applySettings: [
    configureUpdate,
    configureLogger,
    configureReporter,
    sinceDenied(byThisEnv(denialTo('settings'))),
    keepLink,
  ],
  passBrokerOn: [linkTo('logger'), linkTo('stateReporter')],
  passDenialOn: [denialTo('settings'), denialTo('update')],
  passWishOn: [passWishOn],
  passHealthOn: [healthTo('settings'), healthTo('update')],
  renewHealth: [whileOnline(healthTo('settings')), whileOnline(healthTo('update'))],
  holdReporter: [holdReporter],
  reloadFiles: [afterFiles(loadSettings), afterFiles(loadSchema)],
  obey,
  forward,
  flushLog: [send('logger', ['logger.flush'], () => ({ type: 'logger.flush' }))],
  leaveNetwork: [
    send('mqtt', ['mqtt.disconnect'], () => ({ type: 'mqtt.disconnect' })),
    send('wifi', ['wifi.disconnect'], () => ({ type: 'wifi.disconnect' })),
  ],
} satisfies Readonly<Record<string, readonly Send[]>>;

export type RouteName = keyof typeof routes;

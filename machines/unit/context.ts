import type { ActorRef, Snapshot } from 'xstate';
import type { Failure } from '../../services/errors.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { RestartingMode, RestartMode } from '../../services/process-control.ts';
import type { SchemaTopics } from '../../services/schema.ts';
import type { UnitSettings } from '../../services/settings.ts';
import { childOf, type Child, type ChildInput } from '../lib/parent.ts';
import type { LogConfig, LoggerEvent, LoggerFact } from '../logger.ts';
import type { ResetEvent, ResetFact } from '../reset.ts';
import type { SchemaEvent, SchemaFact } from '../schema.ts';
import type { SettingsEvent, SettingsFact } from '../settings.ts';
import type { StateReporterEvent, StateReporterFact } from '../state-reporter.ts';
import type { TimeEvent, TimeFact } from '../time.ts';
import type { WifiEvent, WifiFact } from '../wifi.ts';
import type { MqttProtocol } from '../mqtt/disconnect-reason.ts';
import type { MqttEvent, MqttFact } from '../mqtt/context.ts';
import type { CommandName, UnitEmitted } from './emitted.ts';
import type { UpdateEvent, UpdateFact } from '../update/context.ts';

/** Events that each child of the unit accepts. */
interface ChildEvents {
  settings: SettingsEvent;
  schema: SchemaEvent;
  wifi: WifiEvent;
  time: TimeEvent;
  mqtt: MqttEvent;
  update: UpdateEvent;
  logger: LoggerEvent;
  stateReporter: StateReporterEvent;
  reset: ResetEvent;
}

export type ChildName = keyof ChildEvents;

/** Every child; each runs under its name as invoke id. */
export const childNames = [
  'settings',
  'schema',
  'wifi',
  'time',
  'mqtt',
  'update',
  'logger',
  'stateReporter',
  'reset',
] as const satisfies readonly ChildName[];

/** A command and its receiver. */
export type Message = { [K in ChildName]: { to: K; event: ChildEvents[K] } }[ChildName];

/** A message that waits for its child to run. */
export type PendingMessage = Message & {
  /** Whether the app asked for it, and hears that the child is off. */
  isRequested: boolean;
};

/** Facts that the children report to the unit. */
export type ChildFact =
  SettingsFact | SchemaFact | WifiFact | TimeFact | MqttFact | UpdateFact | LoggerFact | StateReporterFact | ResetFact;

/** Events that the unit forwards unchanged to a child. */
export type ForwardedEvent =
  | Extract<SettingsEvent, { type: 'settings.load' | 'settings.refresh' }>
  | Exclude<SchemaEvent, { type: 'schema.pursue' }>
  | { type: 'time.sync' }
  | { type: 'mqtt.disconnect' }
  | { type: 'mqtt.resubscribe' }
  | Extract<UpdateEvent, { type: 'update.start' | 'update.configure' }>
  | Extract<LoggerEvent, { type: 'logger.sync' | 'logger.toggle' }>
  | { type: 'reporter.report' };

/** Events that an app may send to the unit. */
export type UnitRequest =
  | { type: 'unit.start' }
  | { type: 'unit.stop' }
  /** Let another process take the program over; a stop overtakes it, and one under way goes on as it is. */
  | { type: 'unit.restart'; mode: RestartingMode }
  /** Call the output handler in a cycle, as soon as settings and schema are loaded; a stop ends it. */
  | { type: 'cycle.start' }
  | { type: 'cycle.stop' }
  /** A command of the instance; `update` has a `target`. */
  | { type: 'command.received'; command: CommandName; target?: UpdateTarget }
  /** Keep a link with the current settings. */
  | { type: 'mqtt.connect' }
  /** Topics to subscribe to besides the schema's; each event replaces the last. */
  | { type: 'mqtt.alsoWant'; topics: readonly string[] }
  /** Manage the WiFi link from now on, with the current settings; also before the unit is at work. */
  | { type: 'wifi.connect' }
  | ForwardedEvent;

/** Who carries a request out in the end: the unit, or one child for whoever asked. */
const requestTypes: Readonly<Record<UnitRequest['type'], 'unit' | 'child'>> = {
  'unit.start': 'unit',
  'unit.stop': 'unit',
  'unit.restart': 'unit',
  'cycle.start': 'unit',
  'cycle.stop': 'unit',
  'command.received': 'unit',
  'mqtt.connect': 'child',
  'mqtt.disconnect': 'child',
  'mqtt.resubscribe': 'child',
  'mqtt.alsoWant': 'unit',
  'wifi.connect': 'child',
  'settings.load': 'child',
  'settings.refresh': 'child',
  'schema.load': 'child',
  'schema.refresh': 'child',
  'time.sync': 'child',
  'update.start': 'child',
  'update.configure': 'child',
  'logger.sync': 'child',
  'logger.toggle': 'child',
  'reporter.report': 'child',
};

/** Whether an event is a request of the app to one child, which a child that is off does not do later. */
export const isRequestToChild = ({ type }: UnitEvent): boolean =>
  Object.hasOwn(requestTypes, type) && requestTypes[type as UnitRequest['type']] === 'child';

/** Whether an event of the unit is a fact of a child that it passes on. */
export const isRelayed = (event: UnitEvent): event is ChildFact =>
  !Object.hasOwn(requestTypes, event.type) &&
  !event.type.endsWith('.started') &&
  !event.type.startsWith('xstate.') &&
  event.type !== 'child.steady';

/** A child that had failed runs again, and knows nothing of the unit; the unit tells itself. */
type ChildStarted = { [K in ChildName]: { type: `${K}.started` } }[ChildName];

/** A child that had failed has run for a minute; the unit tells itself. */
interface ChildSteady {
  type: 'child.steady';
  child: ChildName;
}

/** Events that the unit accepts, from the app, from its children and from itself. */
export type UnitEvent = UnitRequest | ChildFact | ChildStarted | ChildSteady;

/** Everything that the unit emits, and reports to its parent. */
export type UnitFact = UnitEmitted | ChildFact;

export interface UnitInput extends ChildInput<UnitFact> {
  /** Whether MQTT is switched off: the unit works over REST alone. @defaultValue false */
  isRestOnly?: boolean;
  /** Whether the unit manages the WiFi link. */
  managesWifi: boolean;
  protocol: MqttProtocol;
  /** Number of brokers to try in turn. */
  brokers?: number;
  /** Time limit of each answer on the MQTT link, milliseconds. */
  mqttTimeoutMs?: number;
  restartMode: RestartMode;
  /** Whether to skip an update to the running version. */
  checksVersion: boolean;
  /** Whether the unit's program is compiled: it comes by the link of a command, which no other unit obeys. */
  isCompiled: boolean;
  /** Whether a supervisor starts the program, counts its starts and rolls back. */
  isSupervised: boolean;
  logConfig: LogConfig;
  /** What an earlier unit machine of the same client was asked for, has put in place and has counted. */
  carried?: CarriedOver;
}

/** What a unit machine takes over from an earlier one. */
export type CarriedOver = Pick<UnitContext, 'extraTopics' | 'handsOver' | 'placed' | 'counts'>;

/** Counts of the unit's machines, since the unit was created. */
export interface UnitCounts {
  /** Number of links that were opened. */
  readonly connects: number;
  /** Number of links that ended. */
  readonly disconnects: number;
  /** Number of links on which the instance denied the unit its own topics, as it does while it is away. */
  readonly denials: number;
  /** Number of child failures, including those without a restart. */
  readonly crashes: number;
  /** Number of state reports that were sent. */
  readonly reports: number;
  /** Number of commands of the instance, by name. */
  readonly commands: Readonly<Record<CommandName, number>>;
}

/** Base topics that the broker denied on a link. */
interface Denial {
  /** The topics; empty if it denied all of them, which ended the link. */
  readonly topics: readonly string[];
  /** Revision of the env of that link. */
  readonly linkRevision: number | undefined;
}

export interface UnitContext extends Omit<UnitInput, 'carried' | 'parent'>, Child<UnitFact> {
  /** The current settings. */
  settings?: UnitSettings;
  /** The current topics. */
  topics?: SchemaTopics;
  /** Topics to subscribe to besides the schema's. */
  extraTopics: readonly string[];
  /** Failure of the last load or refresh of settings or schema. */
  failure?: Failure | undefined;
  /** Whether the app's own handler performs updates. */
  handsOver: boolean;
  /** The version that this program has put in place, which counts from the next start on; empty if there is none. */
  placed: string;
  /** Whether a start was requested while the unit was closing. */
  isStartDue: boolean;
  /** How another process takes over, in the restart asked for last. */
  leavesBy: RestartingMode;
  hasNetwork: boolean;
  /** Whether the app has asked for the WiFi network since the unit was stopped, if it was. */
  isWifiWanted: boolean;
  /** Whether to keep a link; false after the app asked to disconnect. */
  isLinkWanted: boolean;
  /** What the broker denied on the last link whose topics were answered; `undefined` if it granted all base topics. */
  denial?: Denial | undefined;
  /** Whether the instance has denied the unit its own topics, and granted none since. */
  isDenied: boolean;
  counts: UnitCounts;
  /** Number of restarts of each child since it was last stable. */
  restarts: Readonly<Record<ChildName, number>>;
  /** Commands for children that are not running now, the newest of each kind. */
  pendingMessages: readonly PendingMessage[];
}

/** What the states of the unit's chart say, for what is no part of the chart. */
export interface Situation {
  /** Whether the unit has started, and waits for the recovery of an interrupted update. */
  readonly isRecovering: boolean;
  /** Whether that is over: settings and schema are read, can not be used, or the unit is at work. */
  readonly isReading: boolean;
  /** Whether settings and schema are loaded and the unit is at work. */
  readonly isOperating: boolean;
  /** Whether the link is open and its topics are answered. */
  readonly isOnline: boolean;
  /** Whether state reports are on hold because the version is not settled. */
  readonly isReportHeld: boolean;
  /** Whether the program lets go for another process, or has: it wants no link. */
  readonly isLeaving: boolean;
}

/** What of the unit's context decides what it says. */
type Telling = Pick<
  UnitContext,
  'extraTopics' | 'handsOver' | 'hasNetwork' | 'isWifiWanted' | 'isLinkWanted' | 'managesWifi' | 'logConfig'
> &
  Partial<Unset<Pick<UnitContext, 'settings' | 'topics' | 'denial' | 'isRestOnly'>>>;

type Unset<T> = { [K in keyof T]: T[K] | undefined };

/** All that decides what the unit says: what it knows, and where it is. */
export type Known = Situation & Readonly<Telling>;

/** The unit, as its children see it. */
export type UnitRef = ActorRef<Snapshot<unknown>, UnitEvent>;

/** The initial context of the unit. */
export const newUnitContext = ({ carried, parent, unit, ...input }: UnitInput): UnitContext => ({
  extraTopics: [],
  handsOver: false,
  placed: '',
  isStartDue: false,
  leavesBy: 'restart_exec',
  hasNetwork: false,
  isWifiWanted: false,
  isLinkWanted: true,
  isDenied: false,
  counts: {
    connects: 0,
    disconnects: 0,
    denials: 0,
    crashes: 0,
    reports: 0,
    commands: { update: 0, env_update: 0, schema_update: 0, log_sync: 0, reset: 0 },
  },
  restarts: { settings: 0, schema: 0, wifi: 0, time: 0, mqtt: 0, update: 0, logger: 0, stateReporter: 0, reset: 0 },
  pendingMessages: [],
  ...input,
  ...childOf({ parent, unit }),
  ...carried,
});

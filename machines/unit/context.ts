import type { ActorRef, Snapshot } from 'xstate';
import type { Failure } from '../../services/errors.ts';
import type { UpdateTarget } from '../../services/update.ts';
import type { RestartMode } from '../../services/process-control.ts';
import type { SchemaTopics } from '../../services/schema.ts';
import type { UnitSettings } from '../../services/settings.ts';
import type { LogConfig, LoggerEvent, LoggerFact } from '../logger.ts';
import type { SchemaEvent, SchemaFact } from '../schema.ts';
import type { SettingsEvent, SettingsFact } from '../settings.ts';
import type { StateReporterEvent, StateReporterFact } from '../state-reporter.ts';
import type { TimeEvent, TimeFact } from '../time.ts';
import type { WifiEvent, WifiFact } from '../wifi.ts';
import type { MqttProtocol } from '../mqtt/disconnect-reason.ts';
import type { MqttEvent, MqttFact } from '../mqtt/context.ts';
import type { UpdateEvent, UpdateFact, UpdatePhase } from '../update/context.ts';

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
}

export type ChildName = keyof ChildEvents;

/** Every child; each runs under its name as invoke id and `systemId`. */
export const childNames = [
  'settings',
  'schema',
  'wifi',
  'time',
  'mqtt',
  'update',
  'logger',
  'stateReporter',
] as const satisfies readonly ChildName[];

/** A command and the child it is for. */
export type Message = { [K in ChildName]: { to: K; event: ChildEvents[K] } }[ChildName];

/** Facts that the children report to the unit. */
export type ChildFact =
  SettingsFact | SchemaFact | WifiFact | TimeFact | MqttFact | UpdateFact | LoggerFact | StateReporterFact;

export type CommandName = 'update' | 'env_update' | 'schema_update' | 'log_sync';

/** Events that the unit forwards, as they are, to the child that they are for. */
export type ForwardedEvent =
  | SettingsEvent
  | SchemaEvent
  | { type: 'time.sync' }
  | { type: 'mqtt.disconnect' }
  | { type: 'mqtt.resubscribe' }
  | Extract<UpdateEvent, { type: 'update.start' | 'update.configure' }>
  | Extract<LoggerEvent, { type: 'logger.sync' | 'logger.toggle' }>
  | { type: 'reporter.report' };

/** Events that the unit accepts, from others and from its children. */
export type UnitEvent =
  | { type: 'unit.start' }
  | { type: 'unit.stop' }
  /** A command of the instance; `target` comes with `update`. */
  | { type: 'command.received'; command: CommandName; target?: UpdateTarget }
  /** Keep a link, as the settings say. */
  | { type: 'mqtt.connect' }
  /** Topics to subscribe to besides the schema's, all of them each time. */
  | { type: 'mqtt.alsoWant'; topics: readonly string[] }
  /** Look after the WiFi link now, as the settings say. */
  | { type: 'wifi.connect' }
  | ForwardedEvent
  | ChildFact;

/** Events that the unit emits for the app. */
export type UnitEmitted =
  | { type: 'online' }
  | { type: 'offline' }
  /** The link was closed as asked. */
  | { type: 'disconnected' }
  | { type: 'misconfigured'; failure: Failure }
  | { type: 'settingsLoaded' }
  | { type: 'settingsFailed'; failure: Failure }
  | { type: 'schemaLoaded' }
  | { type: 'schemaFailed'; failure: Failure }
  | { type: 'timeSynced'; offsetMs: number }
  | { type: 'timeFailed'; failure: Failure }
  | { type: 'logsSynced'; entries: number }
  | { type: 'logsFailed'; failure: Failure }
  | { type: 'updateBegan'; target: UpdateTarget }
  | { type: 'updateRefused'; target: UpdateTarget; failure: Failure }
  /** Emitted once, also when the trial was confirmed just before the program ended. */
  | { type: 'updateConfirmed'; version: string }
  /** Emitted once, by the version that was restored. */
  | { type: 'updateRolledBack'; version: string; reason: string }
  | { type: 'updateSkipped'; target: UpdateTarget; reason: 'sameVersion' }
  | { type: 'updateSwapped'; target: UpdateTarget; mode: RestartMode }
  | { type: 'updateFinished'; target: UpdateTarget; mode: RestartMode }
  | { type: 'updateHandedOver'; target: UpdateTarget }
  | { type: 'updateFailed'; target: UpdateTarget; phase: UpdatePhase; failure: Failure }
  | { type: 'reported' }
  | { type: 'reportFailed'; failure: Failure }
  | { type: 'command'; command: CommandName }
  | { type: 'stopped' };

export interface UnitInput {
  /** Whether the WiFi link is the unit's to manage. */
  managesWifi: boolean;
  protocol: MqttProtocol;
  /** How many brokers there are to try in turn. */
  brokers?: number;
  /** What the MQTT link allows the broker for each answer, milliseconds. */
  mqttTimeoutMs?: number;
  restartMode: RestartMode;
  /** Whether an update to the version that runs is skipped. */
  checksVersion: boolean;
  /** Whether the instance can be asked which version is wanted, and that be enough to get it. */
  asksTarget: boolean;
  /** Whether a supervisor starts the program, counts its starts and rolls back. */
  isSupervised: boolean;
  logConfig: LogConfig;
}

/** What the unit's machines count, from the time that the unit was made. */
export interface UnitCounts {
  readonly connects: number;
  readonly disconnects: number;
  /** How often a child that failed was started again, or would have been. */
  readonly crashes: number;
  readonly reports: number;
  readonly commands: Readonly<Record<CommandName, number>>;
}

export interface UnitContext extends UnitInput {
  /** The settings in force. */
  settings?: UnitSettings;
  /** The topics in force. */
  topics?: SchemaTopics;
  /** Topics wanted besides the schema's. */
  extraTopics: readonly string[];
  /** Why the last load or refresh of settings or schema failed. */
  failure?: Failure | undefined;
  /** Whether the app's own handler takes updates over. */
  handsOver: boolean;
  /** Whether settings and schema are in force and the unit does its work. */
  isOperating: boolean;
  /** Whether a start was asked for while the unit was closing. */
  isStartDue: boolean;
  hasNetwork: boolean;
  /** Whether a link is to be kept; false after the app asked to disconnect. */
  isLinkWanted: boolean;
  isOnline: boolean;
  /** Base topics that the broker denied last. */
  deniedTopics: readonly string[];
  /** Whether the version to be reported is not settled. */
  isReportHeld: boolean;
  counts: UnitCounts;
  /** How often each child was started again since it was last stable. */
  restarts: Readonly<Record<ChildName, number>>;
  /** Commands for children that are not running just now, the newest of each kind. */
  pendingMessages: readonly Message[];
}

/** The unit as its children see it. */
export type UnitRef = ActorRef<Snapshot<unknown>, UnitEvent>;

/** Where the unit starts. */
export const newUnitContext = (input: UnitInput): UnitContext => ({
  ...input,
  extraTopics: [],
  handsOver: false,
  isOperating: false,
  isStartDue: false,
  hasNetwork: false,
  isLinkWanted: true,
  isOnline: false,
  deniedTopics: [],
  isReportHeld: false,
  counts: {
    connects: 0,
    disconnects: 0,
    crashes: 0,
    reports: 0,
    commands: { update: 0, env_update: 0, schema_update: 0, log_sync: 0 },
  },
  restarts: { settings: 0, schema: 0, wifi: 0, time: 0, mqtt: 0, update: 0, logger: 0, stateReporter: 0 },
  pendingMessages: [],
});

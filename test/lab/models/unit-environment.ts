import type { AnyEventObject } from 'xstate';
import { childNames, type ChildName } from '../../../machines/unit/context.ts';
import type { UnitSettings } from '../../../services/settings.ts';

/** Why something failed. */
export const failure = { name: 'SettingsError', code: 'missing', message: 'env.json does not exist' };
const target = { commitVersion: 'two' };
/** What a schema says. */
export const topics = { subscribed: ['a', 'b'], reportsState: true };
const denied = [{ topic: 'b', granted: false, reasonCode: 0x87 }];

export const settings = (commitVersion: string, linkRevision: number): UnitSettings => ({
  unitUuid: 'b4a3f7a2-4a30-4a43-9d5b-1c6f0e5c8a01',
  commitVersion,
  pingIntervalMs: 30_000,
  stateSendIntervalMs: 300_000,
  minLogLevel: 'Info',
  maxLogLength: 64,
  wifiSsid: '',
  maxReconnectionMs: 60_000,
  linkRevision,
  wifiRevision: 1,
});

/** What each child may tell the unit. */
export const facts: Record<ChildName, readonly AnyEventObject[]> = {
  settings: [
    { type: 'settings.loaded', settings: settings('one', 1) },
    { type: 'settings.loaded', settings: { ...settings('two', 2), wifiSsid: 'home', wifiRevision: 2 } },
    { type: 'settings.failed', failure, during: 'load' },
    { type: 'settings.postponed', failure, attempts: 1 },
    { type: 'settings.restored', names: ['PU_MQTT_HOST'] },
  ],
  schema: [
    { type: 'schema.loaded', topics },
    { type: 'schema.failed', failure, during: 'load' },
    { type: 'schema.postponed', failure, attempts: 1 },
  ],
  wifi: [
    { type: 'wifi.up' },
    { type: 'wifi.up', ssid: 'home' },
    { type: 'wifi.down' },
    { type: 'wifi.failed', failure, isRepeated: false },
    { type: 'wifi.unmanaged' },
    { type: 'wifi.unwatchable', failure },
  ],
  time: [
    { type: 'time.synced', offsetMs: 5 },
    { type: 'time.failed', failure },
    { type: 'time.unsynced', failure, minutes: 10 },
  ],
  mqtt: [
    { type: 'mqtt.connected', sessionPresent: false, version: 5 },
    { type: 'mqtt.online', granted: 2, denied: [] },
    { type: 'mqtt.online', granted: 1, denied },
    { type: 'mqtt.denied', failure },
    { type: 'mqtt.offline', failure },
    { type: 'mqtt.failed', failure },
    { type: 'mqtt.denied', failure, isRepeated: true },
    { type: 'mqtt.granted' },
    { type: 'mqtt.stopped' },
  ],
  update: [
    { type: 'update.recovered' },
    { type: 'update.settled' },
    { type: 'update.tried', version: 'two', start: 1, maxStarts: 3, isSupervised: false },
    { type: 'update.tried', version: 'two', start: 1, maxStarts: 3, isSupervised: true },
    { type: 'update.linkIgnored', target: { commitVersion: 'two' } },
    { type: 'update.kept', version: 'two', files: { folder: 'kept', count: 1, names: ['notes.txt'] } },
    { type: 'update.waiting', version: 'two', isDenied: false },
    { type: 'update.brokerFound' },
    { type: 'update.confirmed', version: 'two' },
    { type: 'update.rolledBack', version: 'two', reason: 'it hung' },
    { type: 'update.refused', target, failure },
    { type: 'update.targetUnknown', failure, attempts: 1 },
    { type: 'update.postponed', target, phase: 'downloading', failure, attempts: 1 },
    { type: 'update.requested', target },
    { type: 'update.swapping' },
    { type: 'update.began', target },
    { type: 'update.skipped', target, reason: 'sameVersion' },
    { type: 'update.repeated', target },
    { type: 'update.swapped', target, mode: 'no_restart' },
    { type: 'update.finished', target, mode: 'no_restart' },
    { type: 'update.finished', target, mode: 'env_schema_only' },
    { type: 'update.handedOver', target },
    { type: 'update.failed', target, phase: 'verifying', failure },
  ],
  logger: [
    { type: 'logger.synced', entries: 3, omitted: 0 },
    { type: 'logger.synced', entries: 3, omitted: 1 },
    { type: 'logger.flushed' },
    { type: 'logger.failed', failure },
  ],
  reset: [{ type: 'reset.began' }, { type: 'reset.skipped', requests: 2 }, { type: 'reset.failed', failure }],
  stateReporter: [{ type: 'reporter.sent' }, { type: 'reporter.failed', failure }],
};

/** What the unit is told while a child runs: by that, and by itself where it has started again. */
export const heard: Readonly<Record<string, readonly AnyEventObject[]>> = Object.fromEntries(
  childNames.map((child) => [child, [{ type: `${child}.started` }, ...facts[child]]]),
);

/** What the unit tells itself of a child that failed, a minute after that runs again. */
export const steady: readonly AnyEventObject[] = childNames.map((child) => ({ type: 'child.steady', child }));

/** What the app and the instance may ask of the unit. */
export const requests: readonly AnyEventObject[] = [
  { type: 'unit.start' },
  { type: 'unit.stop' },
  { type: 'unit.restart', mode: 'restart_popen' },
  { type: 'cycle.start' },
  { type: 'cycle.stop' },
  { type: 'command.received', command: 'update', target },
  { type: 'command.received', command: 'update' },
  { type: 'command.received', command: 'env_update' },
  { type: 'command.received', command: 'schema_update' },
  { type: 'command.received', command: 'log_sync' },
  { type: 'command.received', command: 'reset' },
  { type: 'settings.load' },
  { type: 'settings.refresh' },
  { type: 'schema.load' },
  { type: 'schema.refresh' },
  { type: 'time.sync' },
  { type: 'mqtt.connect' },
  { type: 'mqtt.disconnect' },
  { type: 'mqtt.resubscribe' },
  { type: 'mqtt.alsoWant', topics: ['c'] },
  { type: 'wifi.connect' },
  { type: 'update.start', target },
  { type: 'update.configure', handsOver: true },
  { type: 'logger.sync' },
  { type: 'logger.toggle', sink: 'mqtt', enabled: false },
  { type: 'reporter.report' },
];

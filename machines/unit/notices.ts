import type { Failure } from '../../services/errors.ts';
import type { LogLevel } from '../../services/log.ts';
import { isAttemptTold } from '../lib/retry.ts';
import type { Known, UnitContext, UnitEvent } from './context.ts';
import type { UnitEmitted } from './emitted.ts';

/** A line for the unit's log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
  /** Whether it is not published: a sync of the stored log brings it. */
  readonly fileOnly?: boolean;
  /** The failure that the line is about, if any. */
  readonly failure?: Failure;
}

const failed = (level: LogLevel, what: string, failure: Failure): LogLine => ({
  level,
  text: `${what}: ${failure.message}`,
  failure,
});
/** The line of a failed attempt that others follow; most of many are not told. */
const postponed = (level: LogLevel, what: string, failure: Failure, attempts: number): LogLine | undefined => {
  const times = attempts === 1 ? '' : ` (${attempts} times)`;
  return isAttemptTold(attempts) ? failed(level, `${what}${times} and is tried again`, failure) : undefined;
};
const versionOf = ({ commitVersion }: { commitVersion: string }): string => commitVersion || 'the newest version';
const maxTopics = 5;

const shortList = (topics: readonly string[]): string =>
  topics.length > maxTopics
    ? `${topics.slice(0, maxTopics).join(', ')} and ${topics.length - maxTopics} more`
    : topics.join(', ');

/** Advice on a risk that the client can't handle itself. */
const noSupervisor =
  'without `pepeunit run` nobody restores the previous version when this one hangs or can not even start';

const causeOfWait = (isDenied: boolean, isRestOnly = false): string => {
  if (isRestOnly) return 'the instance can not be reached';
  return isDenied ? "the broker denies this unit's base topics" : 'no broker can be reached';
};

/** A log line and an event for the app. */
interface Notice {
  readonly line?: LogLine | undefined;
  readonly emitted?: UnitEmitted;
}

type UnitEvents = { readonly [K in UnitEvent['type']]: Extract<UnitEvent, { type: K }> };
type Notices = {
  readonly [K in keyof UnitEvents]?: (event: UnitEvents[K], known: Known) => Notice | undefined;
};

/** Log line and emitted event by type of event. */
export const notices = {
  'command.received': ({ command }, { isOperating }) =>
    isOperating
      ? {
          // The reset has a line of its own, the only sign of it that the platform gets.
          ...(command !== 'reset' && {
            line: {
              // It comes each hour for the version that runs; what it brings about is told by itself.
              level: command === 'update' ? 'Debug' : 'Info',
              text: `Command received: ${command}`,
              ...(command === 'log_sync' && { fileOnly: true }),
            },
          }),
          emitted: { type: 'command', command },
        }
      : undefined,
  'settings.loaded': () => ({ line: { level: 'Info', text: 'Settings loaded' }, emitted: { type: 'settingsLoaded' } }),
  'settings.failed': ({ failure, during }) => ({
    line: failed('Error', `Settings: ${during} failed`, failure),
    emitted: { type: 'settingsFailed', failure },
  }),
  'settings.postponed': ({ failure, attempts }) => ({
    line: postponed('Warning', 'Settings: refresh failed', failure, attempts),
    emitted: { type: 'settingsFailed', failure },
  }),
  'settings.restored': ({ names }) => ({
    line: {
      level: 'Warning',
      text: `The env before is in force again: with the new one the unit did not reach its broker or its instance, while those before are there. It differed in ${names.join(', ')}, and is not tried again until one of them changes`,
    },
  }),
  'schema.loaded': ({ topics }) => ({
    line: {
      level: 'Info',
      text: `Schema loaded: ${topics.subscribed.length} topics to subscribe to`,
    },
    emitted: { type: 'schemaLoaded' },
  }),
  'schema.failed': ({ failure, during }) => ({
    line: failed('Error', `Schema: ${during} failed`, failure),
    emitted: { type: 'schemaFailed', failure },
  }),
  'schema.postponed': ({ failure, attempts }) => ({
    line: postponed('Warning', 'Schema: refresh failed', failure, attempts),
    emitted: { type: 'schemaFailed', failure },
  }),
  'wifi.up': ({ ssid }) => ({
    line:
      ssid === undefined
        ? { level: 'Debug', text: 'The network is taken to be there' }
        : { level: 'Info', text: `Connected to WiFi "${ssid}"` },
  }),
  'wifi.down': (_, { isOperating }) =>
    isOperating ? { line: { level: 'Warning', text: 'The network is gone' } } : undefined,
  'wifi.unmanaged': () => ({
    line: {
      level: 'Warning',
      text: 'The WiFi manager is on, and this host manages its network itself: turn ffWifiManagerEnable off, or give a wifi adapter',
    },
  }),
  'wifi.unwatchable': ({ failure }) => ({ line: failed('Warning', 'WiFi link is read every 30 s', failure) }),
  'wifi.failed': ({ failure, isRepeated }) => ({ line: failed(isRepeated ? 'Debug' : 'Warning', 'WiFi', failure) }),
  'time.failed': ({ failure }) => ({ emitted: { type: 'timeFailed', failure } }),
  'time.unsynced': ({ failure, minutes }) => ({
    line: failed(
      'Warning',
      `Time was not synchronised for ${minutes === 1 ? 'a minute' : `${minutes} minutes`}`,
      failure,
    ),
  }),
  'mqtt.connected': ({ version, isRepeated }) => ({
    line: {
      level: isRepeated ? 'Debug' : 'Info',
      text: `Connected to MQTT broker, MQTT ${version === 5 ? '5.0' : '3.1.1'}`,
    },
  }),
  'mqtt.online': ({ granted, denied }) => ({
    line:
      denied.length === 0
        ? { level: 'Debug', text: `Subscribed to ${granted} topics` }
        : { level: 'Warning', text: `The broker denied ${shortList(denied.map(({ topic }) => topic))}` },
  }),
  'mqtt.offline': ({ failure, isRepeated }) => ({
    line: failure
      ? failed(isRepeated ? 'Debug' : 'Warning', 'Disconnected from MQTT broker', failure)
      : { level: 'Info', text: 'Disconnected from MQTT broker' },
  }),
  'mqtt.denied': ({ failure, isRepeated }) => (isRepeated ? undefined : { emitted: { type: 'denied', failure } }),
  'mqtt.granted': () => ({
    line: { level: 'Info', text: 'The instance grants the unit its topics again' },
    emitted: { type: 'granted' },
  }),
  'mqtt.failed': ({ failure }) => ({ line: failed('Warning', 'MQTT broker not reached', failure) }),
  'update.began': ({ target }) => ({
    line: { level: 'Info', text: `Update to ${versionOf(target)} began` },
    emitted: { type: 'updateBegan', target },
  }),
  'update.linkIgnored': ({ target }) => ({
    line: {
      level: 'Warning',
      text: `The program's link in the command for ${versionOf(target)} is ignored: only a unit with update.program follows one`,
    },
  }),
  'update.skipped': ({ target, reason }) => ({
    line: { level: 'Debug', text: `Update skipped: ${versionOf(target)} runs already` },
    emitted: { type: 'updateSkipped', target, reason },
  }),
  'update.repeated': ({ target }) => ({
    line: {
      level: 'Info',
      text: `Update skipped: ${versionOf(target)} is under way already`,
    },
  }),
  'update.refused': ({ failure, target }) => ({
    line: failed('Error', 'Update refused', failure),
    emitted: { type: 'updateRefused', target, failure },
  }),
  'update.tried': ({ version, start, maxStarts, isSupervised }) => ({
    line: isSupervised
      ? { level: 'Info', text: `Version ${version} is on trial, start ${start} of ${maxStarts}` }
      : { level: 'Warning', text: `Version ${version} is on trial, start ${start} of ${maxStarts}; ${noSupervisor}` },
  }),
  'update.kept': ({ version, files: { folder, count, names } }) => ({
    line: {
      level: 'Warning',
      text: `${count === 1 ? '1 file' : `${count} files`} that no update had brought gave way to version ${version}, kept in ${folder}: ${names.join(', ')}${count > names.length ? ` and ${count - names.length} more` : ''}`,
    },
  }),
  'update.waiting': ({ version, isDenied }, { isRestOnly }) => ({
    line: {
      level: 'Warning',
      text: `The trial of version ${version} waits: ${causeOfWait(isDenied, isRestOnly)}, and no other version could get online now`,
    },
  }),
  'update.confirmed': ({ version }) => ({
    line: { level: 'Info', text: `Update to ${version} is confirmed` },
    emitted: { type: 'updateConfirmed', version },
  }),
  'update.rolledBack': ({ version, reason }) => ({
    line: {
      level: 'Critical',
      text: `Update to ${version} was rolled back after its trial: ${reason}`,
    },
    emitted: { type: 'updateRolledBack', version, reason },
  }),
  'update.targetUnknown': ({ failure, attempts }) => ({
    line: postponed('Debug', 'Asking for the target version or its update failed', failure, attempts),
  }),
  'update.requested': ({ target }) => ({
    line: {
      level: 'Info',
      text: `The instance is asked to send the update to ${versionOf(target)}: only the command has the link to its program`,
    },
  }),
  'update.swapped': ({ target, mode }) => ({
    line: { level: 'Info', text: `Update to ${versionOf(target)} is in place` },
    emitted: { type: 'updateSwapped', target, mode },
  }),
  'update.handedOver': ({ target }) => ({
    line: { level: 'Info', text: `Update to ${versionOf(target)} was done by the app` },
    emitted: { type: 'updateHandedOver', target },
  }),
  'update.failed': ({ target, phase, failure }) => ({
    line:
      phase === 'recovering'
        ? failed('Error', 'What the last update has left', failure)
        : failed('Critical', `Update to ${versionOf(target)} failed while ${phase}`, failure),
    emitted: { type: 'updateFailed', target, phase, failure },
  }),
  'update.postponed': ({ target, phase, failure, attempts }) => ({
    line: postponed('Warning', `Update to ${versionOf(target)} failed while ${phase}`, failure, attempts),
    emitted: { type: 'updateFailed', target, phase, failure },
  }),
  'logger.synced': ({ entries, omitted }) => ({
    line: {
      level: omitted === 0 ? 'Info' : 'Warning',
      text: `Stored log sent: ${entries} entries${omitted === 0 ? '' : `; ${omitted} too long to be sent at once`}`,
    },
    emitted: { type: 'logsSynced', entries },
  }),
  'logger.failed': ({ failure }) => ({
    line: failed('Warning', 'Log', failure),
    emitted: { type: 'logsFailed', failure },
  }),
  'reporter.failed': ({ failure }) => ({
    line: failed('Warning', 'State report', failure),
    emitted: { type: 'reportFailed', failure },
  }),
  'reset.began': () => ({ line: { level: 'Info', text: 'Reset command received, restarting program' } }),
  'reset.failed': ({ failure }) => ({ line: failed('Error', 'Restart on command', failure) }),
  'reset.skipped': ({ requests }) => ({
    line: {
      level: 'Warning',
      text: `${requests === 1 ? 'A reset command' : `${requests} reset commands`} came within a minute of the last restart and had no effect`,
    },
  }),
  'time.synced': ({ offsetMs }) => ({ emitted: { type: 'timeSynced', offsetMs } }),
  'mqtt.stopped': () => ({ emitted: { type: 'disconnected' } }),
  'update.finished': ({ target, mode }) => ({ emitted: { type: 'updateFinished', target, mode } }),
  'reporter.sent': () => ({ emitted: { type: 'reported' } }),
} satisfies Notices;

/** Whether events of this type may have a notice. */
export const mayHaveNotice = ({ type }: UnitEvent): boolean => Object.hasOwn(notices, type);

/** The notice of an event; `undefined` if it has none. */
export const noticeOf = (event: UnitEvent, known: Known): Notice | undefined => {
  const all: Notices = notices;
  const write = <T extends UnitEvent['type']>(type: T, given: UnitEvents[T]) => all[type]?.(given, known);
  return mayHaveNotice(event) ? write(event.type, event) : undefined;
};

const unknownFailure = { name: 'Error', code: 'unexpected', message: 'The unit can not start' };

/** The event for the app when settings or schema can't be used. */
export const misconfigured = ({ failure }: UnitContext): UnitEmitted => ({
  type: 'misconfigured',
  failure: failure ?? unknownFailure,
});

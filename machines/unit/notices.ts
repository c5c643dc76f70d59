import type { Failure } from '../../services/errors.ts';
import type { LogLevel } from '../../services/log.ts';
import type { ChildName, UnitEvent } from './context.ts';

/** A line for the unit's log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly text: string;
  /** What went wrong, where the line is about that. */
  readonly failure?: Failure;
}

const failed = (level: LogLevel, what: string, failure: Failure): LogLine => ({
  level,
  text: `${what}: ${failure.message}`,
  failure,
});
const versionOf = ({ commitVersion }: { commitVersion: string }): string => commitVersion || 'the newest version';
const mostTopics = 5;

const shortList = (topics: readonly string[]): string =>
  topics.length > mostTopics
    ? `${topics.slice(0, mostTopics).join(', ')} and ${topics.length - mostTopics} more`
    : topics.join(', ');

/** What the client can't do for itself. */
const unguarded =
  'without `pepeunit run` nobody restores the previous version when this one hangs or can not even start';

const lines = {
  'command.received': ({ command }) => ({ level: 'Info', text: `Command received: ${command}` }),
  'settings.loaded': () => ({ level: 'Info', text: 'Settings loaded' }),
  'settings.failed': ({ failure, during }) => failed('Error', `Settings: ${during} failed`, failure),
  'schema.loaded': ({ topics }) => ({
    level: 'Info',
    text: `Schema loaded: ${topics.subscribed.length} topics to subscribe to`,
  }),
  'schema.failed': ({ failure, during }) => failed('Error', `Schema: ${during} failed`, failure),
  'wifi.up': ({ ssid }) =>
    ssid === undefined
      ? { level: 'Debug', text: 'The network is taken to be there' }
      : { level: 'Info', text: `Connected to WiFi "${ssid}"` },
  'wifi.down': () => ({ level: 'Warning', text: 'The network is gone' }),
  'wifi.failed': ({ failure }) => failed('Warning', 'WiFi', failure),
  'time.failed': ({ failure }) => failed('Debug', 'Time was not synchronised', failure),
  'mqtt.connected': ({ version }) => ({
    level: 'Info',
    text: `Connected to MQTT broker, MQTT ${version === 5 ? '5.0' : '3.1.1'}`,
  }),
  'mqtt.online': ({ granted, denied }) =>
    denied.length === 0
      ? { level: 'Debug', text: `Subscribed to ${granted} topics` }
      : { level: 'Warning', text: `The broker denied ${shortList(denied.map(({ topic }) => topic))}` },
  'mqtt.offline': ({ failure, isRepeated }) =>
    failure
      ? failed(isRepeated ? 'Debug' : 'Warning', 'Disconnected from MQTT broker', failure)
      : { level: 'Info', text: 'Disconnected from MQTT broker' },
  'mqtt.failed': ({ failure }) => failed('Warning', 'MQTT broker not reached', failure),
  'update.began': ({ target }) => ({ level: 'Info', text: `Update to ${versionOf(target)} began` }),
  'update.skipped': ({ target }) => ({ level: 'Info', text: `Update skipped: ${versionOf(target)} runs already` }),
  'update.repeated': ({ target }) => ({
    level: 'Info',
    text: `Update skipped: ${versionOf(target)} is under way already`,
  }),
  'update.refused': ({ failure }) => failed('Error', 'Update refused', failure),
  'update.tried': ({ version, start, maxStarts, isSupervised }) =>
    isSupervised
      ? { level: 'Info', text: `Version ${version} is on trial, start ${start} of ${maxStarts}` }
      : { level: 'Warning', text: `Version ${version} is on trial, start ${start} of ${maxStarts}; ${unguarded}` },
  'update.confirmed': ({ version }) => ({ level: 'Info', text: `Update to ${version} is confirmed` }),
  'update.rolledBack': ({ version, reason }) => ({
    level: 'Critical',
    text: `Update to ${version} was rolled back after its trial: ${reason}`,
  }),
  'update.targetUnknown': ({ failure }) => failed('Debug', 'The target version is not known', failure),
  'update.targetNotAsked': () => ({
    level: 'Debug',
    text: 'The target version is not asked for: the link of a compiled program comes with a command alone',
  }),
  'update.swapped': ({ target }) => ({ level: 'Info', text: `Update to ${versionOf(target)} is in place` }),
  'update.handedOver': ({ target }) => ({ level: 'Info', text: `Update to ${versionOf(target)} was done by the app` }),
  'update.failed': ({ target, phase, failure }) =>
    phase === 'recovering'
      ? failed('Error', 'What the last update has left', failure)
      : failed('Critical', `Update to ${versionOf(target)} failed while ${phase}`, failure),
  'logger.synced': ({ entries }) => ({ level: 'Info', text: `Stored log sent: ${entries} entries` }),
  'logger.failed': ({ failure }) => failed('Warning', 'Log', failure),
  'reporter.failed': ({ failure }) => failed('Warning', 'State report', failure),
} satisfies { [K in UnitEvent['type']]?: (event: Extract<UnitEvent, { type: K }>) => LogLine };

type LoggedEvent = Extract<UnitEvent, { type: keyof typeof lines }>;

/** What an event says to those who read the unit's log. */
export const lineOf = (event: LoggedEvent): LogLine => {
  const line: (event: never) => LogLine = lines[event.type];
  return line(event as never);
};

/** What the failure of a child says. */
export const crashLine = (child: ChildName, failure: Failure, isRestarted: boolean): LogLine => ({
  level: isRestarted ? 'Error' : 'Critical',
  text: `The ${child} machine failed and ${isRestarted ? 'starts again' : 'stays off'}: ${failure.message}`,
  failure,
});

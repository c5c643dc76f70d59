import { LogLevel } from '../../services/log.ts';
import type { InstanceEvent, InstanceEvents } from '../instance/index.ts';
import type { Measurements } from './measurements.ts';
import type { Voice } from './voice.ts';

type NameOf = (unit: string | undefined) => string;

const megabytes = (bytes: unknown): string => (typeof bytes === 'number' ? `${Math.round(bytes / 1e6)} MB` : 'unknown');

const stateText = (report: InstanceEvents['state']['report']): string => {
  const version = String(report?.['pu_commit_version'] ?? '').slice(0, 7);
  return `version ${version}, memory ${megabytes(report?.['mem_alloc'])}`;
};

/** Entries for those who look for a mistake; they are counted and not told. */
const isDetail = ({ entries }: InstanceEvents['log']): boolean =>
  entries.length === 1 && entries[0]?.level === LogLevel.Debug;

const logText = ({ entries, invalid }: InstanceEvents['log']): string => {
  const [first] = entries;
  if (entries.length > 1) return `${entries.length} stored entries at once`;
  return first ? `${first.level}: ${first.text}` : `${invalid} entries that can't be read`;
};

/** A unit asks for MQTT 5 first, and then for what there is. */
const olderProtocol = 'unacceptable protocol version';

type Tellers = { readonly [K in keyof InstanceEvents]?: (event: InstanceEvents[K]) => void };

const tellersOf = ({ say }: Voice, measurements: Measurements, nameOf: NameOf): Tellers => ({
  connect: ({ unit, protocol }) => say('link', nameOf(unit), `connected, MQTT ${protocol === 5 ? '5' : '3.1.1'}`),
  disconnect: ({ unit }) => say('link', nameOf(unit), 'disconnected'),
  refused: ({ reason }) => {
    if (reason === olderProtocol) say('link', 'instance', 'was asked for MQTT 5 and speaks 3.1.1');
    else say('failure', 'instance', `refused a connection: ${reason}`);
  },
  subscribed: ({ unit, topic, denied }) => {
    if (denied) say('failure', nameOf(unit), `may not subscribe to ${topic}`);
  },
  published: ({ unit, topic, key, payload, denied }) => {
    if (denied) say('failure', nameOf(unit), `may not publish to ${topic}`);
    else if (key !== undefined) measurements.published(nameOf(unit), key, new TextDecoder().decode(payload));
  },
  state: ({ unit, report, outcome }) => {
    if (outcome === 'taken') say('state', nameOf(unit), stateText(report));
    if (outcome === 'refused') say('failure', nameOf(unit), 'sent a state report that was refused');
  },
  log: (event) => {
    if (!isDetail(event)) say('log', nameOf(event.unit), logText(event));
  },
  command: ({ unit, command }) => say('operator', 'instance', `sends ${command} to the ${nameOf(unit)}`),
  fault: ({ what, failure }) => say('failure', 'instance', `${what}: ${failure.message}`),
});

/** Tells of an instance's events. */
export const createReporter = (voice: Voice, measurements: Measurements, nameOf: NameOf) => {
  const tellers = tellersOf(voice, measurements, nameOf);
  return (event: InstanceEvent): void => tellers[event.type]?.(event as never);
};

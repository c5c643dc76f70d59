import { LogLevel } from '../../services/log.ts';
import type { SupervisorEvent } from '../../adapters/node/process/supervisor.ts';
import type { Instance, InstanceEvent, InstanceEvents } from '../instance/index.ts';
import type { DemoUnits, DemoUnit } from './context.ts';
import type { Summary } from './summary.ts';
import { createVoice, legend, type Voice, type VoiceParts } from './voice.ts';

/** Least time between two printed measurements of one unit, milliseconds; others are skipped. */
const shownEveryMs = 900;

const bar = (percent: number): string => {
  const full = Math.min(10, Math.max(0, Math.round(percent / 10)));
  return '█'.repeat(full) + '░'.repeat(10 - full);
};

/** Prints what the units measure, no more often than a reader can follow. */
interface Measurements {
  /** Takes a message that a unit published on a node; prints each temperature together with a duty, in either order. */
  published(name: string, key: string, text: string): void;
  /** Takes a line of a unit's output. */
  printed(name: string, line: string): void;
}

const createMeasurements = ({ say }: Voice, elapsedMs: () => number): Measurements => {
  const shownAt = new Map<string, number>();
  let celsius: string | undefined;
  let duty: string | undefined;
  const show = (name: string, text: string) => {
    const last = shownAt.get(name);
    if (last !== undefined && elapsedMs() - last < shownEveryMs) return;
    shownAt.set(name, elapsedMs());
    say('measurement', name, text);
  };
  return {
    published: (name, key, text) => {
      if (key === 'temperature/pepeunit') celsius = text;
      if (key === 'fan_duty/pepeunit') duty = text;
      if (celsius === undefined || duty === undefined) return;
      show(name, `${Number(celsius).toFixed(2)} °C   fan ${bar(Number(duty))} ${duty} %`);
      celsius = undefined;
      duty = undefined;
    },
    printed: (name, line) => {
      if (/^-?\d+\.\d+ °C$/.test(line)) show(name, `shows ${line}`);
    },
  };
};

type NameOf = (unit: string | undefined) => string;

const megabytes = (bytes: unknown): string => (typeof bytes === 'number' ? `${Math.round(bytes / 1e6)} MB` : 'unknown');

const short = (commit: string): string => commit.slice(0, 7);

/** A text with the short names of the commits in it. */
const shortened = (text: string): string => text.replace(/\b[0-9a-f]{40}\b/g, short);

const stateText = (report: InstanceEvents['state']['report']): string => {
  const version = report?.['pu_commit_version'];
  return `version ${typeof version === 'string' ? short(version) : 'unknown'}, memory ${megabytes(report?.['mem_alloc'])}`;
};

/** Whether a report is a single debug entry, which is counted but not printed. */
const isDetail = ({ entries }: InstanceEvents['log']): boolean =>
  entries.length === 1 && entries[0]?.level === LogLevel.Debug;

const logText = ({ entries, invalid }: InstanceEvents['log']): string => {
  const [first] = entries;
  if (entries.length > 1) return `${entries.length} stored entries at once`;
  return first ? `${first.level}: ${shortened(first.text)}` : `${invalid} entries that can't be read`;
};

/** Refusal that every unit gets first: it tries MQTT 5, then 3.1.1. */
const olderProtocol = 'unacceptable protocol version';

const whoOf = (event: InstanceEvent): string | undefined => ('unit' in event ? event.unit : undefined);

/** Creates the function that prints the instance's events. */
const reporter =
  ({ say }: Voice, measurements: Measurements, nameOf: NameOf) =>
  (event: InstanceEvent): void => {
    const who = nameOf(whoOf(event));
    switch (event.type) {
      case 'connect':
        return say('link', who, `connected, MQTT ${event.protocol === 5 ? '5' : '3.1.1'}`);
      case 'disconnect':
        return say('link', who, 'disconnected');
      case 'refused':
        if (event.reason === olderProtocol) return say('link', who, 'refused MQTT 5, as it speaks 3.1.1');
        return say('failure', who, `refused a connection: ${event.reason}`);
      case 'subscribed':
        return event.denied ? say('failure', who, `may not subscribe to ${event.topic}`) : undefined;
      case 'published':
        if (event.denied) return say('failure', who, `may not publish to ${event.topic}`);
        if (event.key === undefined) return;
        return measurements.published(who, event.key, new TextDecoder().decode(event.payload));
      case 'state':
        if (event.outcome === 'taken') return say('state', who, stateText(event.report));
        return event.outcome === 'refused' ? say('failure', who, 'sent a state report that was refused') : undefined;
      case 'log':
        return isDetail(event) ? undefined : say('log', who, logText(event));
      case 'command':
        return say('operator', 'instance', `sends ${event.command} to the ${who}`);
      case 'fault':
        return say('failure', who, `${event.what}: ${event.failure.message}`);
      case 'delivered':
      case 'unsubscribed':
      case 'locked':
        return;
    }
  };

/** Prints the demo's events as they happen. */
export interface Narrator {
  /** Prints the instance's addresses, the units and the legend. */
  open(instance: Pick<Instance, 'apiUrl' | 'mqttUrl'>, units: DemoUnits, inspectorUrl?: string): void;
  /** Prints an event of the instance. */
  happened(event: InstanceEvent): void;
  /** Prints a line of a unit's output if it is a measurement. */
  unitPrinted(name: string, line: string): void;
  /** Prints a supervisor's event if it concerns a new version. */
  supervised(name: string, event: SupervisorEvent): void;
  operator(text: string): void;
  effect(text: string): void;
  failure(text: string): void;
  remark(text: string): void;
  close(summary: Summary): void;
}

/** Describes a supervisor's event about a new version; `undefined` for other events. */
const supervisionText = (event: SupervisorEvent): string | undefined => {
  if (event.type === 'rolledBack') return `restores version ${short(event.to)}: ${event.reason}`;
  if (event.type !== 'started' || !event.trial) return undefined;
  const { to, starts, maxStarts } = event.trial;
  return `starts version ${short(to)} on trial, ${starts} of ${maxStarts}`;
};

export const createNarrator = (parts: VoiceParts): Narrator => {
  const voice = createVoice(parts);
  const { paint, line, say } = voice;
  const names = new Map<string, string>();
  const measurements = createMeasurements(voice, parts.elapsedMs);

  const introduce = ({ name, uuid, role }: DemoUnit) => {
    names.set(uuid, name);
    line(`  ${name.padEnd(9)} ${role} ${paint('dim', `(unit ${uuid})`)}`, 12);
  };

  return {
    open: ({ apiUrl, mqttUrl }, { fan, display }, inspectorUrl) => {
      line(paint('bold', 'Two units against an embedded Pepeunit'));
      line(`  instance  REST ${apiUrl}, MQTT ${mqttUrl}`, 12);
      if (inspectorUrl !== undefined) line(`  inspector ${inspectorUrl}`, 12);
      introduce(fan);
      introduce(display);
      line('');
      line(`  ${paint('dim', legend)}`);
      line('');
    },
    happened: reporter(voice, measurements, (unit) => names.get(unit ?? '') ?? 'instance'),
    unitPrinted: (name, text) => measurements.printed(name, text),
    supervised: (name, event) => {
      const text = supervisionText(event);
      if (text !== undefined) say('supervisor', name, text);
    },
    operator: (text) => say('operator', 'operator', text),
    effect: (text) => say('effect', '', text),
    failure: (text) => say('failure', '', text),
    remark: (text) => {
      line('');
      line(`  ${paint('dim', text)}`);
      line('');
    },
    close: ({ commands, stateReports, logEntries, published, received, rollbacks }) => {
      const outcomes = Object.entries(commands).map(([name, outcome]) =>
        paint(outcome === 'ok' ? 'green' : 'red', `${name} ${outcome}`),
      );
      line('');
      line(`${paint('bold', 'Commands')}  ${outcomes.join(', ')}`, 10);
      const reports = `${stateReports} state reports, ${logEntries} log entries, ${rollbacks} rolled back`;
      line(`${paint('bold', 'Messages')}  ${published} published, ${received} received, ${reports}`, 10);
    },
  };
};

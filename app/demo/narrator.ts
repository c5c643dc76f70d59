import type { SupervisorEvent } from '../../adapters/node/process/supervisor.ts';
import type { Instance, InstanceEvent } from '../instance/index.ts';
import type { Cast, Member } from './cast.ts';
import { createMeasurements } from './measurements.ts';
import { createReporter } from './reporter.ts';
import type { Summary } from './tally.ts';
import { createVoice, legend, type VoiceParts } from './voice.ts';

/** Tells people what happens, as it happens. */
export interface Narrator {
  /** Introduces the instance, the units and the signs. */
  open(instance: Pick<Instance, 'apiUrl' | 'mqttUrl'>, cast: Cast): void;
  /** Tells of an event of the instance. */
  hear(event: InstanceEvent): void;
  /** Tells of a line that a unit has printed. */
  overhear(name: string, line: string): void;
  /** Tells of what a supervisor does. */
  watch(name: string, event: SupervisorEvent): void;
  operator(text: string): void;
  effect(text: string): void;
  failure(text: string): void;
  remark(text: string): void;
  close(summary: Summary): void;
}

const short = (commit: string): string => commit.slice(0, 7);

/** What those who watch want to know of a supervisor; nothing of its everyday work. */
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

  const introduce = ({ name, uuid, role }: Member) => {
    names.set(uuid, name);
    line(`  ${name.padEnd(9)} ${role} ${paint('dim', `(unit ${uuid})`)}`);
  };

  return {
    open: ({ apiUrl, mqttUrl }, { fan, display }) => {
      line(paint('bold', 'Two units against an embedded Pepeunit'));
      line(`  instance  REST ${apiUrl}, MQTT ${mqttUrl}`);
      introduce(fan);
      introduce(display);
      line(`\n  ${paint('dim', legend)}\n`);
    },
    hear: createReporter(voice, measurements, (unit) => names.get(unit ?? '') ?? 'instance'),
    overhear: (name, text) => measurements.printed(name, text),
    watch: (name, event) => {
      const text = supervisionText(event);
      if (text !== undefined) say('supervisor', name, text);
    },
    operator: (text) => say('operator', 'operator', text),
    effect: (text) => say('effect', '', text),
    failure: (text) => say('failure', '', text),
    remark: (text) => line(`\n  ${paint('dim', text)}\n`),
    close: ({ commands, stateReports, logEntries, published, received, rollbacks }) => {
      const outcomes = Object.entries(commands).map(([name, outcome]) =>
        paint(outcome === 'ok' ? 'green' : 'red', `${name} ${outcome}`),
      );
      line(`\n${paint('bold', 'Commands')}  ${outcomes.join(', ')}`);
      const reports = `${stateReports} state reports, ${logEntries} log entries, ${rollbacks} rolled back`;
      line(`${paint('bold', 'Messages')}  ${published} published, ${received} received, ${reports}`);
    },
  };
};

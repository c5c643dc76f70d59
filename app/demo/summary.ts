import type { SupervisorEvent } from '../../adapters/node/process/supervisor.ts';
import type { InstanceEvent } from '../instance/index.ts';

/** The commands of Pepeunit that a demo sends, each once. */
const commandNames = ['update', 'env_update', 'schema_update', 'log_sync'] as const;
export type CommandName = (typeof commandNames)[number];

/** Outcome of a command: `missing` was not sent, `failed` was sent without its effect. */
type Outcome = 'ok' | 'failed' | 'missing';

/** Counts of a demo's events, as the instance saw them. */
export interface Summary {
  /** Whether every unit is connected. */
  readonly online: boolean;
  /** Messages that units published and the broker accepted. */
  readonly published: number;
  /** Messages that the broker delivered to units. */
  readonly received: number;
  /** State reports that the instance accepted. */
  readonly stateReports: number;
  /** Log entries that the instance accepted. */
  readonly logEntries: number;
  /** New versions that a supervisor rolled back. */
  readonly rollbacks: number;
  readonly commands: Readonly<Record<CommandName, Outcome>>;
}

/** Counts a demo's events. */
export interface Recorder {
  count(event: InstanceEvent): void;
  countSupervised(event: SupervisorEvent): void;
  /** Keeps the outcome of a command. */
  note(command: CommandName, outcome: Outcome): void;
  summary(): Summary;
}

/** @param units How many units the instance has. */
export const createRecorder = (units: number): Recorder => {
  const sessions = new Map<string, number>();
  const counts = { published: 0, received: 0, stateReports: 0, logEntries: 0, rollbacks: 0 };
  const outcomes = new Map<CommandName, Outcome>();
  const countSession = (unit: string, change: number) => void sessions.set(unit, (sessions.get(unit) ?? 0) + change);
  return {
    count: (event) => {
      if (event.type === 'connect') countSession(event.unit, 1);
      if (event.type === 'disconnect') countSession(event.unit, -1);
      if (event.type === 'published' && event.unit !== undefined && !event.denied) counts.published += 1;
      if (event.type === 'delivered') counts.received += 1;
      if (event.type === 'state' && event.outcome === 'taken') counts.stateReports += 1;
      if (event.type === 'log') counts.logEntries += event.entries.length;
    },
    countSupervised: (event) => {
      if (event.type === 'rolledBack') counts.rollbacks += 1;
    },
    note: (command, outcome) => void outcomes.set(command, outcome),
    summary: () => ({
      online: [...sessions.values()].filter((count) => count > 0).length === units,
      ...counts,
      commands: Object.fromEntries(
        commandNames.map((name) => [name, outcomes.get(name) ?? 'missing']),
      ) as Summary['commands'],
    }),
  };
};

import type { Clock } from '../../services/clock.ts';
import type { SendLogs } from '../../services/log.ts';
import { ClientError } from '../../services/errors.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { StateReport } from '../../services/system.ts';
import type { DataPlane } from './data-plane.ts';
import { createLogSync } from './log-sync.ts';

/** What the unit sends to the instance by itself. */
export interface Reports {
  /** Sends a state report now or not at all. @throws {BrokerError | ClientError} */
  sendState(report: StateReport): Promise<void>;
  /** Sends stored log entries, oldest first. @throws {BrokerError | ClientError} */
  readonly sendStoredLogs: SendLogs;
}

export const createReports = (plane: DataPlane, schema: () => UnitSchema | undefined, clock: Clock): Reports => {
  const { publisher, logFile, mqttLog } = plane;
  const topicOf = (key: 'state/pepeunit' | 'log/pepeunit'): string => {
    const topic = schema()?.output_base_topic[key]?.[0];
    if (topic === undefined) throw new ClientError('invalid', `The schema has no ${key}. Update the schema.`);
    return topic;
  };
  return {
    sendState: async (report) => publisher.send(topicOf('state/pepeunit'), JSON.stringify(report)),
    sendStoredLogs: createLogSync({
      clock,
      stored: () => logFile.lines(),
      send: async (payload) => publisher.send(topicOf('log/pepeunit'), payload, { qos: 1 }),
      mostBytes: () => publisher.roomOn(topicOf('log/pepeunit')),
      holdNew: mqttLog.hold,
      warn: plane.warn,
    }),
  };
};

import type { LogEntry, LogSink } from '../../services/log.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { Publisher } from './publisher.ts';

/** The topic that the instance reads entries from. */
export const logTopicOf = (schema: UnitSchema | undefined): string | undefined =>
  schema?.output_base_topic['log/pepeunit']?.[0];

/** Entries that may wait until the topic is known. */
const mostEarly = 64;

/** Sends each entry to the instance's log topic; keeps the newest while the schema is not loaded yet. */
export const mqttLogSink = (publisher: Publisher, schema: () => UnitSchema | undefined): LogSink => {
  const early: LogEntry[] = [];
  const sending = new Set<Promise<unknown>>();

  const send = (topic: string, entry: LogEntry) => {
    const sent = publisher.publish(topic, JSON.stringify(entry));
    sending.add(sent);
    void sent.then(() => sending.delete(sent));
  };

  return {
    write: (entry) => {
      const topic = logTopicOf(schema());
      if (topic === undefined) {
        early.push(entry);
        if (early.length > mostEarly) early.shift();
        return;
      }
      for (const earlier of early.splice(0)) send(topic, earlier);
      send(topic, entry);
    },
    flush: async () => {
      await Promise.all(sending);
    },
  };
};

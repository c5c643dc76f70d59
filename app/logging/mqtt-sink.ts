import { entryLine } from '../../adapters/shared/log/log-lines.ts';
import type { LogEntry, LogSink } from '../../services/log.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { Publisher } from '../messaging/outbound/publisher.ts';

/** The topic that the instance reads entries from. */
const logTopicOf = (schema: UnitSchema | undefined): string | undefined =>
  schema?.output_base_topic['log/pepeunit']?.[0];

/** Entries that may wait until the topic is known. */
const mostEarly = 64;
/** Entries that may wait for the stored ones to go first; when there are more, they go at once. */
const mostHeld = 1000;

/** A sink whose entries can be made to wait for older ones that are on their way. */
export interface MqttLogSink extends LogSink {
  /** Lets entries wait until the result is called; then they follow, in order. */
  hold(): () => void;
}

/**
 * Sends each entry to the instance's log topic, in order, whether the link is there or not: what to do meanwhile is
 * the publisher's matter. Keeps the newest while the schema is not loaded yet.
 */
export const mqttLogSink = (
  publisher: Pick<Publisher, 'publish'>,
  schema: () => UnitSchema | undefined,
): MqttLogSink => {
  const waiting: LogEntry[] = [];
  const sending = new Set<Promise<unknown>>();
  let holders = 0;

  const send = (topic: string, entry: LogEntry) => {
    const sent = publisher.publish(topic, entryLine(entry));
    sending.add(sent);
    void sent.then(() => sending.delete(sent));
  };

  const sendWaiting = () => {
    const topic = logTopicOf(schema());
    if (topic !== undefined) for (const entry of waiting.splice(0)) send(topic, entry);
    else waiting.splice(0, waiting.length - mostEarly);
  };

  return {
    write: (entry) => {
      waiting.push(entry);
      if (holders === 0 || waiting.length > mostHeld) sendWaiting();
    },
    flush: async () => {
      sendWaiting();
      await Promise.all(sending);
    },
    hold: () => {
      holders += 1;
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        holders -= 1;
        if (holders === 0) sendWaiting();
      };
    },
  };
};

import { entryLine } from '../../adapters/shared/log/log-lines.ts';
import type { LogEntry, LogSink } from '../../services/log.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { Publisher } from '../messaging/outbound/publisher.ts';
import { deliveredAtOnce } from '../messaging/outbound/result.ts';

/** Entries that may wait until the topic is known. */
const maxEarly = 64;
/** Entries that may wait for the stored ones to go first; when there are more, they go at once. */
const maxHeld = 1000;

/** A sink whose entries can be made to wait for older ones that are on their way. */
export interface MqttLogSink extends LogSink {
  /** Takes over the topic that the instance reads entries from. */
  route(schema: UnitSchema): void;
  /** Lets entries wait until the result is called; then they follow, in order. */
  hold(): () => void;
}

/**
 * Sends each entry to the instance's log topic, in order, whether the link is there or not: what to do meanwhile is
 * the publisher's matter. Keeps the newest while the schema is not loaded yet.
 */
export const createMqttLogSink = (publisher: Pick<Publisher, 'publish'>): MqttLogSink => {
  const waiting: LogEntry[] = [];
  const sending = new Set<Promise<unknown>>();
  let topic: string | undefined;
  let holders = 0;

  const send = (to: string, entry: LogEntry) => {
    const sent = publisher.publish(to, entryLine(entry));
    if (sent === deliveredAtOnce) return;
    sending.add(sent);
    void sent.then(() => sending.delete(sent));
  };

  const sendWaiting = () => {
    if (topic === undefined) waiting.splice(0, waiting.length - maxEarly);
    else for (const entry of waiting.splice(0)) send(topic, entry);
  };

  return {
    route: (schema) => {
      topic = schema.output_base_topic['log/pepeunit']?.[0];
    },
    write: (entry) => {
      if (topic !== undefined && holders === 0 && waiting.length === 0) return send(topic, entry);
      waiting.push(entry);
      if (holders === 0 || waiting.length > maxHeld) sendWaiting();
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

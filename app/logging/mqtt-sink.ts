import { entryLine, newest } from '../../adapters/shared/log/log-lines.ts';
import type { LogEntry, LogSink } from '../../services/log.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { Publisher } from '../messaging/outbound/publisher.ts';
import { deliveredAtOnce } from '../messaging/outbound/result.ts';

/** Limit of entries kept before the topic is known. */
const maxEarly = 64;
/** Limit of entries held back behind stored ones; more of them are sent at once. */
const maxHeld = 1000;

/** A log sink that publishes to the instance, and can hold new entries back behind older ones. */
export interface MqttLogSink extends LogSink {
  /** Notes the lines that go out from now on, and those that are on their way, until they are asked for. */
  watch(): void;
  /** The lines that went out since {@link MqttLogSink.watch}, and those that will. Ends the watch. */
  ownLines(): string[];
  /** Applies the log topic of a schema. */
  route(schema: UnitSchema): void;
  /** Holds new entries back. */
  hold(): void;
  /** Sends the entries that were held back, in order, and holds no more. */
  release(): void;
}

/**
 * Publishes each entry to the instance's log topic, in order, at the topic's quality of service; the publisher queues them
 * while the link is down. Keeps the newest entries until the schema is loaded, and is off where that lists no log topic.
 *
 * @param maxWatched How many of the newest lines to note.
 */
export const createMqttLogSink = (
  publisher: Pick<Publisher, 'publish' | 'qosOf' | 'pendingOn'>,
  maxWatched: () => number,
): MqttLogSink => {
  const waiting: LogEntry[] = [];
  let watched: string[] | undefined;
  const sending = new Set<Promise<unknown>>();
  let isKnown = false;
  let topic: string | undefined;
  let isHeld = false;

  const send = (to: string, entry: LogEntry) => {
    const line = entryLine(entry);
    watched?.push(line);
    if (watched && watched.length > 2 * maxWatched()) watched = newest(watched, maxWatched());
    const sent = publisher.publish(to, line, { qos: publisher.qosOf(to) });
    if (sent === deliveredAtOnce) return;
    sending.add(sent);
    void sent.then(() => sending.delete(sent));
  };

  const sendWaiting = () => {
    if (topic === undefined) waiting.splice(0, waiting.length - (isKnown ? 0 : maxEarly));
    else for (const entry of waiting.splice(0)) send(topic, entry);
  };

  return {
    route: (schema) => {
      isKnown = true;
      topic = schema.output_base_topic['log/pepeunit']?.[0];
    },
    write: (entry) => {
      if (topic !== undefined && !isHeld && waiting.length === 0) return send(topic, entry);
      waiting.push(entry);
      if (!isHeld || waiting.length > maxHeld) sendWaiting();
    },
    watch: () => void (watched = topic === undefined ? [] : publisher.pendingOn(topic)),
    ownLines: () => {
      const own = [...(watched ?? []), ...waiting.map(entryLine)];
      watched = undefined;
      return own;
    },
    flush: async () => {
      sendWaiting();
      await Promise.all(sending);
    },
    hold: () => void (isHeld = true),
    release: () => {
      isHeld = false;
      sendWaiting();
    },
  };
};

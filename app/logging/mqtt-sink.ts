import { entryLine, newest } from '../../adapters/shared/log/log-lines.ts';
import type { LogEntry, LogSink } from '../../services/log.ts';
import type { UnitSchema } from '../../services/schema.ts';
import type { Publisher } from '../messaging/outbound/publisher.ts';
import { deliveredAtOnce } from '../messaging/outbound/result.ts';

/** Limit of entries kept before the topic is known. */
const maxEarly = 64;
/** Limit of entries held back behind stored ones; more of them are sent at once. */
const maxHeld = 1000;

/**
 * Publishes each entry to the instance's log topic, in order, at the topic's quality of service; the publisher queues them
 * while the link is down. Keeps the newest entries until the schema is loaded, and is off where that lists no log topic.
 * It can hold new entries back behind older ones.
 */
export class MqttLogSink implements LogSink {
  readonly #publisher: Pick<Publisher, 'publish' | 'qosOf' | 'pendingOn'>;
  readonly #maxWatched: () => number;
  readonly #waiting: LogEntry[] = [];
  #watched: string[] | undefined;
  #sending: Set<Promise<unknown>> | undefined;
  #isKnown = false;
  #topic: string | undefined;
  #isHeld = false;

  /** @param maxWatched How many of the newest lines to note. */
  constructor(publisher: Pick<Publisher, 'publish' | 'qosOf' | 'pendingOn'>, maxWatched: () => number) {
    this.#publisher = publisher;
    this.#maxWatched = maxWatched;
  }

  /** Applies the log topic of a schema. */
  route(schema: UnitSchema): void {
    this.#isKnown = true;
    this.#topic = schema.output_base_topic['log/pepeunit']?.[0];
  }

  write(entry: LogEntry): void {
    if (this.#topic !== undefined && !this.#isHeld && this.#waiting.length === 0) return this.#send(this.#topic, entry);
    this.#waiting.push(entry);
    if (!this.#isHeld || this.#waiting.length > maxHeld) this.#sendWaiting();
  }

  /** Notes the lines that go out from now on, and those that are on their way, until they are asked for. */
  watch(): void {
    this.#watched = this.#topic === undefined ? [] : this.#publisher.pendingOn(this.#topic);
  }

  /** The lines that went out since {@link MqttLogSink.watch}, and those that will. Ends the watch. */
  ownLines(): string[] {
    const own = [...(this.#watched ?? []), ...this.#waiting.map(entryLine)];
    this.#watched = undefined;
    return own;
  }

  async flush(): Promise<void> {
    this.#sendWaiting();
    if (this.#sending) await Promise.all(this.#sending);
  }

  /** Holds new entries back. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Sends the entries that were held back, in order, and holds no more. */
  release(): void {
    this.#isHeld = false;
    this.#sendWaiting();
  }

  #send(topic: string, entry: LogEntry): void {
    const line = entryLine(entry);
    this.#note(line);
    const sent = this.#publisher.publish(topic, line, { qos: this.#publisher.qosOf(topic) });
    if (sent === deliveredAtOnce) return;
    const sending = (this.#sending ??= new Set());
    sending.add(sent);
    void sent.then(() => sending.delete(sent));
  }

  #note(line: string): void {
    if (!this.#watched) return;
    this.#watched.push(line);
    const most = this.#maxWatched();
    if (this.#watched.length > 2 * most) this.#watched = newest(this.#watched, most);
  }

  #sendWaiting(): void {
    const waiting = this.#waiting;
    if (this.#topic === undefined) waiting.splice(0, waiting.length - (this.#isKnown ? 0 : maxEarly));
    else for (const entry of waiting.splice(0)) this.#send(this.#topic, entry);
  }
}

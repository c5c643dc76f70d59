import { publishBytes } from '../../../adapters/shared/mqtt/packet-size.ts';
import { copyOf } from '../../../adapters/shared/mqtt/payload.ts';
import { topicFault } from '../../../adapters/shared/mqtt/topics.ts';
import type { Link } from '../../../services/broker.ts';
import type { Clock } from '../../../services/clock.ts';
import type { createRefusalWarnings } from '../throttled-warning.ts';
import type { MessageOptions, OnResult, Payload, PublishRequest } from './message.ts';
import type { OutboxBounds } from './options.ts';
import type { OutboxQueue } from './queue.ts';
import {
  acceptedAtOnce,
  delivered,
  deliveredAtOnce,
  isAccepted,
  refused,
  stopped,
  type PublishResult,
} from './result.ts';
import type { Sender } from './sender.ts';
import type { OutboundWatch } from './watch.ts';

const tooLong = (bytes: number, maxBytes: number): string =>
  `its ${bytes} bytes pass the limit of ${maxBytes}. Send less at once.`;

/** A message that is to be sent or kept. */
interface Begun extends PublishRequest {
  /** The link that it goes out on; `undefined` for one that has to wait. */
  readonly link: Link | undefined;
}

interface IntakeParts {
  readonly clock: Clock;
  readonly bounds: OutboxBounds;
  readonly queue: OutboxQueue;
  readonly refusals: ReturnType<typeof createRefusalWarnings>;
  readonly watch: OutboundWatch | undefined;
}

/** How a message begins: with its end, where it comes to one at once, or as it is to be sent or kept. */
type Beginning = PublishResult | Begun;

const isEnd = (beginning: Beginning): beginning is PublishResult => 'outcome' in beginning;

/**
 * Takes in what is published: sends it past the outbox as long as nothing of its topic waits there, and puts it there
 * otherwise. A message makes one promise, and none where it is delivered at once.
 */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #sender: Sender;
  /** The link that is open, if any. */
  link: Link | undefined;
  #isStopped = false;

  constructor(parts: IntakeParts, sender: Sender) {
    this.#parts = parts;
    this.#sender = sender;
  }

  publish(topic: string, message: Payload, options?: MessageOptions): Promise<PublishResult> {
    const begun = this.#begin(topic, message, options);
    if (begun === delivered) return deliveredAtOnce;
    if (isEnd(begun)) return Promise.resolve(begun);
    return new Promise((resolve) => this.#proceed(begun, options, resolve));
  }

  accept(topic: string, message: Payload, options?: MessageOptions): Promise<boolean> {
    const begun = this.#begin(topic, message, options);
    if (isEnd(begun)) return isAccepted(begun) ? acceptedAtOnce : Promise.resolve(false);
    return new Promise((resolve) => this.#proceed(begun, options, (result) => resolve(isAccepted(result))));
  }

  /** From now on nothing more is taken. */
  stop(): void {
    this.#isStopped = true;
    this.link = undefined;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  #begin(topic: string, message: Payload, options?: MessageOptions): Beginning {
    const begun = this.#attempt(topic, message, options);
    if (isEnd(begun)) {
      // It never got into the queue.
      this.#parts.queue.counts[begun.outcome] += 1;
      this.#parts.watch?.passed(topic, message, options, begun);
    }
    return begun;
  }

  #attempt(topic: string, message: Payload, options?: MessageOptions): Beginning {
    const { clock, bounds, refusals } = this.#parts;
    if (this.#isStopped) return stopped;
    const bytes = publishBytes(topic, message);
    const fault = bytes > bounds.packetBytes ? tooLong(bytes, bounds.packetBytes) : topicFault(topic);
    if (fault !== undefined) {
      refusals.add(topic, fault);
      return refused(fault);
    }
    const { qos = 0, retain = false } = options ?? {};
    const bornMs = clock.monotonic();
    const link = this.link && this.#sender.mayPass(topic, qos, bytes, bornMs) ? this.link : undefined;
    if (qos === 0 && link?.publishNow(topic, message, retain)) return delivered;
    return { topic, payload: copyOf(message), qos, retain, bytes, bornMs, link };
  }

  #proceed(request: Begun, options: MessageOptions | undefined, onResult: OnResult): void {
    if (request.link) this.#sender.send(request.link, request, options, onResult);
    else this.#sender.keep(request, options, onResult);
  }
}

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

/** Begins a message. @returns Its end, where it comes to one at once; else the message as it is to be sent or kept. */
type Begin = (topic: string, message: Payload, options?: MessageOptions) => PublishResult | Begun;

const watchBegin = (begin: Begin, watch: OutboundWatch | undefined): Begin => {
  if (!watch) return begin;
  return (topic, message, options) => {
    const begun = begin(topic, message, options);
    if ('outcome' in begun) watch.passed(topic, message, options, begun);
    return begun;
  };
};

/**
 * Takes in what is published: sends it past the outbox as long as nothing of its topic waits there, and puts it there
 * otherwise. A message makes one promise, and none where it is delivered at once.
 *
 * @param linkOf The link that is open, if any; `'stopped'` once nothing more is taken.
 */
export const createIntake = (
  { clock, bounds, queue, refusals, watch }: IntakeParts,
  sender: Sender,
  linkOf: () => Link | 'stopped' | undefined,
) => {
  /** Ends a message that never got into the queue. */
  const turnAway = (result: PublishResult): PublishResult => {
    queue.counts[result.outcome] += 1;
    return result;
  };
  const begin = watchBegin((topic, message, options) => {
    const open = linkOf();
    if (open === 'stopped') return turnAway(stopped);
    const bytes = publishBytes(topic, message);
    const fault = bytes > bounds.packetBytes ? tooLong(bytes, bounds.packetBytes) : topicFault(topic);
    if (fault !== undefined) {
      refusals.add(topic, fault);
      return turnAway(refused(fault));
    }
    const { qos = 0, retain = false } = options ?? {};
    const bornMs = clock.monotonic();
    const link = open && sender.mayPass(topic, qos, bytes, bornMs) ? open : undefined;
    if (qos === 0 && link?.publishNow(topic, message, retain)) return turnAway(delivered);
    return { topic, payload: copyOf(message), qos, retain, bytes, bornMs, link };
  }, watch);
  const proceed = (request: Begun, options: MessageOptions | undefined, onResult: OnResult) => {
    if (request.link) sender.send(request.link, request, options, onResult);
    else sender.keep(request, options, onResult);
  };
  return {
    publish: (topic: string, message: Payload, options?: MessageOptions): Promise<PublishResult> => {
      const begun = begin(topic, message, options);
      if (begun === delivered) return deliveredAtOnce;
      if ('outcome' in begun) return Promise.resolve(begun);
      return new Promise((resolve) => proceed(begun, options, resolve));
    },
    accept: (topic: string, message: Payload, options?: MessageOptions): Promise<boolean> => {
      const begun = begin(topic, message, options);
      if ('outcome' in begun) return isAccepted(begun) ? acceptedAtOnce : Promise.resolve(false);
      return new Promise((resolve) => proceed(begun, options, (result) => resolve(isAccepted(result))));
    },
  };
};

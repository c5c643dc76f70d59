import type { PublishOptions } from '../../../services/broker.ts';
import { failureOf } from '../../../services/errors.ts';
import type { Message, Payload } from './message.ts';
import type { PublishResult } from './result.ts';

/** What became of a message, in the words of the counters. */
export type Outcome = PublishResult['outcome'] | 'replaced' | 'dead' | 'damaged';

/** Gets what is published and what becomes of it; never throws. */
export interface OutboundWatch {
  /** A message came to its end at the call: the queue never had it. */
  passed(topic: string, payload: Payload, options: PublishOptions | undefined, result: PublishResult): void;
  /** The queue has a message, which waits or is on its way. */
  entered(message: Message): void;
  /** A message waits again, or no longer. */
  moved(message: Message): void;
  /** A message came to its end. */
  ended(message: Message, result: PublishResult, outcome: Outcome): void;
}

/** The part of the queue that all messages pass. */
interface Gates {
  enter(...args: never[]): Message;
  move(message: Message, state: 'waiting' | 'sending'): void;
  end(message: Message, result: PublishResult, countAs?: Outcome): PublishResult;
}

/** Lets a watch see what passes the queue. @returns The queue itself where there is none. */
export const watchGates = <T extends Gates>(gates: T, watch: OutboundWatch | undefined): T => {
  if (!watch) return gates;
  const watched: Gates = {
    enter: (...args) => {
      const message = gates.enter(...args);
      watch.entered(message);
      return message;
    },
    move: (message, state) => {
      const before = message.state;
      gates.move(message, state);
      if (before !== state) watch.moved(message);
    },
    end: (message, result, countAs) => {
      if (message.state !== 'gone') watch.ended(message, result, countAs ?? result.outcome);
      return gates.end(message, result, countAs);
    },
  };
  return { ...gates, ...watched };
};

/** Sends a message now or not at all. */
type Send = (topic: string, payload: Payload, options?: PublishOptions) => Promise<void>;

/** Lets a watch see what is sent past the queue. @returns The function itself where there is none. */
export const watchSend = (send: Send, watch: OutboundWatch | undefined): Send => {
  if (!watch) return send;
  return (topic, payload, options) => {
    const pass = (result: PublishResult) => watch.passed(topic, payload, options, result);
    const sent = send(topic, payload, options);
    sent.then(
      () => pass({ outcome: 'delivered' }),
      (thrown: unknown) => pass({ outcome: 'refused', reason: failureOf(thrown).message }),
    );
    return sent;
  };
};

import type { PublishOptions } from '../../../services/broker.ts';
import { failureOf } from '../../../services/errors.ts';
import type { Message, Payload } from './message.ts';
import type { Messages } from './messages.ts';
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

/** Lets a watch see what passes the messages' gates. @returns The messages. */
export const watchGates = (messages: Messages, watch: OutboundWatch | undefined): Messages => {
  if (!watch) return messages;
  const enter = messages.enter.bind(messages);
  const move = messages.move.bind(messages);
  const end = messages.end.bind(messages);
  const watched: Pick<Messages, 'enter' | 'move' | 'end'> = {
    enter: (...args) => {
      const message = enter(...args);
      watch.entered(message);
      return message;
    },
    move: (message, state) => {
      const before = message.state;
      move(message, state);
      if (before !== state) watch.moved(message);
    },
    end: (message, result, countAs) => {
      if (message.state !== 'gone') watch.ended(message, result, countAs ?? result.outcome);
      return end(message, result, countAs);
    },
  };
  return Object.assign(messages, watched);
};

/** Lets a watch see what becomes of a message that is sent past the queue. */
export const watchSent = (
  watch: OutboundWatch | undefined,
  sent: Promise<void>,
  topic: string,
  payload: Payload,
  options: PublishOptions | undefined,
): void => {
  if (!watch) return;
  const pass = (result: PublishResult) => watch.passed(topic, payload, options, result);
  sent.then(
    () => pass({ outcome: 'delivered' }),
    (thrown: unknown) => pass({ outcome: 'refused', reason: failureOf(thrown).message }),
  );
};

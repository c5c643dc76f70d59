import { isThenable } from '../call-user.ts';
import type { InputHandler, Inbox } from './inbox.ts';
import { withOwnBytes, type InboundMessage } from './message.ts';

/** Gets what comes in and what becomes of it; never throws. */
export interface InboundWatch {
  received(message: InboundMessage): void;
  /** The handler is done with a message. */
  handled(message: InboundMessage): void;
  failed(message: InboundMessage, thrown: unknown): void;
  /** There was no room for a message, or nobody to take it. */
  dropped(message: InboundMessage): void;
}

const watchHandler =
  (handler: InputHandler, watch: InboundWatch): InputHandler =>
  (message) => {
    const fail = (thrown: unknown): never => {
      watch.failed(message, thrown);
      throw thrown;
    };
    let result: unknown;
    try {
      result = handler(message);
    } catch (thrown) {
      return fail(thrown);
    }
    if (isThenable(result)) return Promise.resolve(result).then(() => watch.handled(message), fail);
    watch.handled(message);
    return undefined;
  };

/** Lets a watch see what passes an inbox. @returns The inbox itself where there is none. */
export const watchInbox = (inbox: Inbox, watch: InboundWatch | undefined): Inbox => {
  if (!watch) return inbox;
  return {
    setHandler: (handler) => inbox.setHandler(handler && watchHandler(handler, watch)),
    push: (message, of) => {
      // From here on it is the same object, whatever it has to wait for.
      const own = withOwnBytes(message);
      const { dropped } = inbox.metrics();
      watch.received(own);
      const full = inbox.push(own, of);
      if (inbox.metrics().dropped > dropped) watch.dropped(own);
      return full;
    },
    passOver: (topic) => inbox.passOver(topic),
    hold: () => inbox.hold(),
    stop: () => inbox.stop(),
    start: () => inbox.start(),
    metrics: () => inbox.metrics(),
  };
};

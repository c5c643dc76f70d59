import type { InboundMessage } from './message.ts';

/** How much of a class may wait for the input handler, and for how long it may work on one message. */
export interface InboxBounds {
  /** Messages that wait; also topics whose handler is at work. @defaultValue 10_000 */
  readonly messages: number;
  /** Bytes of payload that wait. @defaultValue 16 MiB */
  readonly bytes: number;
  /** Milliseconds after which the next message of a topic no longer waits. @defaultValue 60_000 */
  readonly handlerMs: number;
}

export const defaultInboxBounds: InboxBounds = { messages: 10_000, bytes: 16 * 1024 * 1024, handlerMs: 60_000 };

/** Counts what waits of one class and the topics whose handler is at work, and keeps both within the bounds. */
export const createBacklog = (bounds: InboxBounds) => {
  let messages = 0;
  let bytes = 0;
  let topics = 0;
  return {
    /** @returns Whether there is room for the message. */
    admit: ({ payload }: InboundMessage): boolean => {
      if (messages >= bounds.messages || bytes + payload.length > bounds.bytes) return false;
      messages += 1;
      bytes += payload.length;
      return true;
    },
    release: ({ payload }: InboundMessage) => {
      messages -= 1;
      bytes -= payload.length;
    },
    /** Whether the handler may begin to work on one topic more. */
    mayBegin: () => topics < bounds.messages,
    begin: () => void (topics += 1),
    finish: () => void (topics -= 1),
    waiting: () => messages,
    /** How much of the scarcest room is taken, from 0 to 1. */
    level: () => Math.max(messages / bounds.messages, bytes / bounds.bytes, topics / bounds.messages),
  };
};

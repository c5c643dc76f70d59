import { fakeClock } from '../../../../adapters/memory/clock.ts';
import { defaultInboxLimits, type InboxClass } from '../../../../app/messaging/inbound/topic-queues.ts';
import { createInbox } from '../../../../app/messaging/inbound/inbox.ts';
import { InboundMessage } from '../../../../app/messaging/inbound/message.ts';

export const message = (topic: string, text: string) => new InboundMessage(topic, Buffer.from(text), false, undefined);
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An inbox under a fake clock; all its pauses of one overload may last for 2 s. */
export const setUp = (limits = defaultInboxLimits) => {
  const clock = fakeClock();
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  const inbox = createInbox({ clock, limits, pauseMs: () => 2000, warn });
  /** Pushes a message and waits for nothing. */
  const receive = (topic: string, text: string, of: InboxClass = 'input') => void inbox.push(message(topic, text), of);
  return { clock, warnings, inbox, receive };
};

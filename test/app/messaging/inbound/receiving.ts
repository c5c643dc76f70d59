import { fakeClock } from '../../../../adapters/memory/clock.ts';
import { defaultInboxLimits } from '../../../../app/messaging/inbound/topic-queues.ts';
import { createInbox } from '../../../../app/messaging/inbound/inbox.ts';
import { InboundMessage } from '../../../../app/messaging/inbound/message.ts';

export const message = (topic: string, text: string) => new InboundMessage(topic, Buffer.from(text), false, undefined);
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/** An inbox under a fake clock; all its pauses of one overload may last for 2 s. */
export const setUp = (limits = defaultInboxLimits) => {
  const clock = fakeClock();
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  return { clock, warnings, inbox: createInbox({ clock, limits, pauseMs: () => 2000, warn }) };
};

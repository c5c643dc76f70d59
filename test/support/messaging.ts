import { fakeClock, type FakeClock } from '../../adapters/memory/clock.ts';
import { memoryOutbox, type MemoryOutbox } from '../../adapters/memory/outbox.ts';
import { createInbox } from '../../app/messaging/inbound/inbox.ts';
import { InboundMessage } from '../../app/messaging/inbound/message.ts';
import { defaultInboxLimits, type InboxClass } from '../../app/messaging/inbound/topic-queues.ts';
import type { OutboxOptions } from '../../app/messaging/outbound/options.ts';
import { OutboxPublisher } from '../../app/messaging/outbound/publisher.ts';
import type { Link } from '../../services/broker.ts';
import { BrokerError } from '../../services/errors.ts';
import { settle } from './until.ts';

export const closed = () => new BrokerError('closed', 'The link is closed');
export const refusal = (reasonCode = 0x87) => new BrokerError('refused', 'Not authorised', { reasonCode });

const decoder = new TextDecoder();
export const textOf = (payload: Uint8Array | string): string =>
  typeof payload === 'string' ? payload : decoder.decode(payload);

/** A link that does with each message what it is told. */
export const linkThat = (publish: Link['publish']): Link => ({
  version: 5,
  sessionPresent: false,
  publish,
  publishNow: () => false,
  ping: async () => undefined,
  subscribe: async () => [],
  unsubscribe: async () => undefined,
  close: async () => undefined,
});

/** A link that takes messages and answers only when it is told to. */
export const slowLink = () => {
  const taken: string[] = [];
  const answers: ((error?: Error) => void)[] = [];
  const link = linkThat(
    (topic, payload) =>
      new Promise((resolve, reject) => {
        taken.push(`${topic} ${textOf(payload)}`);
        answers.push((error) => (error ? reject(error) : resolve()));
      }),
  );
  const answer = (error?: Error) => {
    for (const end of answers.splice(0)) end(error);
  };
  return { link, taken, answer, answers };
};

/** Moves time in small steps, and lets what falls due happen. */
export const pass = async (clock: FakeClock, ms: number, each: (atMs: number) => void = () => undefined) => {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    each(passed);
    await settle();
  }
};

/** A publisher under a fake clock, over a store in memory. */
export const createTestPublisher = (
  options: OutboxOptions = {},
  given: MemoryOutbox | null = memoryOutbox(),
  clock = fakeClock(),
) => {
  const store = given ?? memoryOutbox();
  const warnings: string[] = [];
  const sent: string[] = [];
  const publisher = new OutboxPublisher({
    store: given ?? undefined,
    clock,
    options: { rate: false, ...options },
    epochMs: clock.now,
    warn: (warning) => warnings.push(warning),
  });
  const link = linkThat(async (topic, payload) => void sent.push(`${topic} ${textOf(payload)}`));
  /** Publishes texts on one topic, and tells the outcomes. */
  const outcomes = async (topic: string, ...texts: string[]) =>
    (await Promise.all(texts.map((text) => publisher.publish(topic, text)))).map(({ outcome }) => outcome);
  return { publisher, clock, store, warnings, sent, link, outcomes };
};

/** The same, once it is known what earlier runs left. */
export const openTestPublisher = async (...parameters: Parameters<typeof createTestPublisher>) => {
  const bench = createTestPublisher(...parameters);
  await bench.publisher.open();
  return bench;
};

type Operation = 'open' | 'append' | 'close';

/** A store whose calls hang from now on, until they are let go. */
export const hangOutbox = (inner: MemoryOutbox, ...operations: Operation[]) => {
  const waiting: (() => void)[] = [];
  const calls: Operation[] = [];
  let isHanging = true;
  const held =
    <TArgs extends unknown[], T>(name: Operation, call: (...args: TArgs) => Promise<T>) =>
    async (...args: TArgs): Promise<T> => {
      calls.push(name);
      if (isHanging && operations.includes(name)) await new Promise<void>((resolve) => waiting.push(resolve));
      return call(...args);
    };
  const store = Object.defineProperties({} as MemoryOutbox, {
    ...Object.getOwnPropertyDescriptors(inner),
    open: { value: held('open', inner.open) },
    append: { value: held('append', inner.append) },
    close: { value: held('close', inner.close) },
  });
  const letGo = () => {
    isHanging = false;
    for (const go of waiting.splice(0)) go();
  };
  const holdAgain = () => {
    isHanging = true;
  };
  return { store, calls, letGo, holdAgain };
};

/** What an input's topic is to the unit. */
export const inputRole = { keys: ['input/pepeunit'], command: undefined };

export const message = (topic: string, text: string) =>
  new InboundMessage(topic, inputRole, Buffer.from(text), false, undefined);

/** An inbox under a fake clock; all its pauses of one overload may last for 2 s. */
export const createTestInbox = (limits = defaultInboxLimits) => {
  const clock = fakeClock();
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  const inbox = createInbox({ clock, limits, pauseMs: () => 2000, warn });
  /** Pushes a message and waits for nothing. */
  const receive = (topic: string, text: string, of: InboxClass = 'input') => void inbox.push(message(topic, text), of);
  const push = (topic: string, payload: Uint8Array) =>
    void inbox.push(new InboundMessage(topic, inputRole, payload, false, undefined), 'input');
  return { clock, warnings, inbox, receive, push };
};

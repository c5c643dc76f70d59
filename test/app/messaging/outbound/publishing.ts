import { fakeClock, type FakeClock } from '../../../../adapters/memory/clock.ts';
import { memoryOutbox, type MemoryOutbox } from '../../../../adapters/memory/outbox.ts';
import type { OutboxOptions } from '../../../../app/messaging/outbound/options.ts';
import { createPublisher } from '../../../../app/messaging/outbound/publisher.ts';
import type { Link } from '../../../../services/broker.ts';
import { BrokerError } from '../../../../services/errors.ts';

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
    for (const settle of answers.splice(0)) settle(error);
  };
  return { link, taken, answer, answers };
};

/** Lets everything that only waits for promises happen. */
export const quiet = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Moves time in small steps, and lets what falls due happen. */
export const pass = async (clock: FakeClock, ms: number, each: (atMs: number) => void = () => undefined) => {
  for (let passed = 0; passed < ms; passed += 10) {
    clock.advance(10);
    each(passed);
    await quiet();
  }
};

/** A publisher under a fake clock, over a store in memory. */
export const publishing = (
  options: OutboxOptions = {},
  given: MemoryOutbox | null = memoryOutbox(),
  clock = fakeClock(),
) => {
  const store = given ?? memoryOutbox();
  const warnings: string[] = [];
  const sent: string[] = [];
  const publisher = createPublisher({
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
export const opened = async (...parameters: Parameters<typeof publishing>) => {
  const bench = publishing(...parameters);
  await bench.publisher.open();
  return bench;
};

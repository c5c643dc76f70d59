import { expect } from 'vitest';
import { childNames } from '../../../../machines/unit/context.ts';
import type { OutboxMetrics } from '../../../../services/metrics.ts';
import { secretIn } from './secrets.ts';
import type { Subject } from './subject.ts';

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // That is the answer.
    return false;
  }
};

/** The documents in which a unit keeps secrets, as the instance gave them. */
const isEnv = (path: string): boolean => path.includes('env');

const hidesSecrets = (texts: readonly string[], sink: string): void => {
  const text = texts.find((one) => secretIn(one) !== undefined);
  if (text !== undefined) expect.fail(`${sink} shows a secret: ${text}`);
};

const since = (times: readonly number[], ms: number): number[] => times.filter((time) => time > ms);

/** Looks at what a subject has shown and written since the last look. */
export const createInvariants = (subject: Subject) => {
  const { world, shown, flights } = subject;
  const seen = { entries: 0, published: 0 };
  const heard = new Map<string, number[]>();
  let asked: number[] = [];

  const checkSinks = (): void => {
    const entries = world.console.entries.slice(seen.entries).map(({ text }) => text);
    const published = world.broker.published.slice(seen.published);
    seen.entries += entries.length;
    seen.published += published.length;
    hidesSecrets(entries, 'the console');
    hidesSecrets(
      published.map(({ payload }) => Buffer.from(payload).toString()),
      'a message',
    );
    hidesSecrets(shown.splice(0), 'an event');
    for (const path of world.storage.documents.keys())
      if (!isEnv(path)) hidesSecrets([world.storage.text(path) ?? ''], path);
    for (const text of entries) countLine(text);
  };

  /** What a unit says of itself does not flood its log; it answers whoever asks for something, each time. */
  const countLine = (text: string): void => {
    const nowMs = world.clock.monotonic();
    const times = [...since(heard.get(text) ?? [], nowMs - 60_000), nowMs];
    heard.set(text, times);
    const answers = since(asked, nowMs - 60_000).length;
    if (times.length > 3 + answers) expect.fail(`the log says ${times.length} times in a minute: ${text}`);
  };

  const checkDocuments = (): void => {
    for (const [path] of world.storage.documents) {
      const text = world.storage.text(path) ?? '';
      const lines = path.endsWith('log.json') ? text.split('\n').filter((line) => line !== '') : [text];
      for (const line of lines) if (!isJson(line)) expect.fail(`${path} is no JSON: ${line}`);
    }
    const { PU_AUTH_TOKEN: token } = JSON.parse(world.storage.text('env.json') ?? '{}') as { PU_AUTH_TOKEN?: string };
    if (token?.split('.').length !== 3) expect.fail('env.json has no token');
  };

  const checkActors = (): void => {
    const root = subject.client.actor.getSnapshot();
    const children = root.children as Readonly<Record<string, { getSnapshot(): { status: string } } | undefined>>;
    const failed = childNames.filter((child) => children[child]?.getSnapshot().status === 'error');
    if (root.status === 'error' || failed.length > 0) expect.fail(`the root or ${failed.join()} has failed`);
    if (root.context.counts.crashes > 0) expect.fail('a machine has failed and was started again');
    hidesSecrets([JSON.stringify(root.context)], 'the context of the root');
  };

  /** Each message that was published has one fate; while the disk fails, those on it are nowhere to be seen. */
  const checkOutbox = (outbox: OutboxMetrics): void => {
    const { waiting, sending, sent, refused, dropped, replaced, expired, dead, isVolatile } = outbox;
    if (isVolatile) return;
    const fates = waiting + sending + sent + refused + dropped + replaced + expired + dead;
    if (fates < subject.publishedSince()) expect.fail(`${subject.publishedSince()} published, and ${fates} counted`);
  };

  const checkCounters = (): void => {
    const { connects, disconnects, outbox, inbox } = subject.client.metrics();
    if (![0, 1].includes(connects - disconnects)) expect.fail(`${connects} connects, ${disconnects} disconnects`);
    const counts = Object.entries({ ...outbox, ...inbox }).filter(([, count]) => !(Number(count) >= 0));
    if (counts.length > 0) expect.fail(`below zero: ${JSON.stringify(counts)}`);
    checkOutbox(outbox);
  };

  return {
    /** Somebody asks for something, or starts the unit. */
    ask: (): void => {
      const nowMs = world.clock.monotonic();
      asked = [...since(asked, nowMs - 60_000), nowMs];
    },
    /** Another process begins with a log of its own. */
    forget: (): void => heard.clear(),
    /** What holds after each step. */
    check: (): void => {
      checkSinks();
      checkDocuments();
      checkActors();
      checkCounters();
      if (flights.doubled.length > 0) expect.fail(`twice at a time: ${flights.doubled.join()}`);
    },
  };
};

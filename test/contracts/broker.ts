import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Broker, Link, LinkListener, LinkOptions, MqttVersion, Qos } from '../../services/broker.ts';
import { BrokerError } from '../../services/errors.ts';
import { until } from '../support/until.ts';

/** A broker that runs, and the adapter that reaches it. */
export interface BrokerBench {
  readonly broker: Broker;
  readonly url: string;
  /** Cuts every open connection, as a lost network does. */
  cut(): void;
  /** A user name that is refused, at this address; absent where none is. */
  readonly stranger?: { readonly url: string; readonly username: string };
  /** A topic that may not be subscribed to; absent where every topic may. */
  readonly deniedTopic?: string;
  /** How a session may end when another takes its place; some brokers say why, some sometimes do. */
  readonly takeOverCodes: readonly BrokerError['code'][];
  stop(): Promise<void>;
}

interface Seen extends LinkListener {
  readonly messages: { topic: string; text: string; retained: boolean }[];
  readonly ends: Error[];
}

const decoder = new TextDecoder();

/** A listener that keeps what it is told. */
const listening = (): Seen => {
  const messages: Seen['messages'] = [];
  const ends: Error[] = [];
  return {
    messages,
    ends,
    onMessage: (topic, payload, retained) => void messages.push({ topic, text: decoder.decode(payload), retained }),
    onClosed: (error) => ends.push(error),
  };
};

/** A listener that keeps what it is told, and has to be let go on after each message with this text. */
const pausingAt = (text: string) => {
  const seen = listening();
  const paused: (() => void)[] = [];
  const onMessage: LinkListener['onMessage'] = (...message) => {
    void seen.onMessage(...message);
    if (seen.messages.at(-1)?.text !== text) return undefined;
    return new Promise((resolve) => {
      paused.push(resolve);
    });
  };
  return { seen, listener: { ...seen, onMessage }, goOn: () => paused.shift()?.() };
};

/** Time for a message that should not come to come. */
const aWhile = () => new Promise<void>((resolve) => setTimeout(resolve, 50));

const failure = async (promise: Promise<unknown>): Promise<BrokerError> => {
  const thrown: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(BrokerError);
  return thrown as BrokerError;
};

/** What every adapter of the broker port does, whatever broker it reaches. */
export const brokerContract = (version: MqttVersion, start: () => Promise<BrokerBench>): void => {
  let bench: BrokerBench;
  let opened: Link[];
  beforeEach(async () => {
    bench = await start();
    opened = [];
  });
  afterEach(async () => {
    await Promise.all(opened.map((link) => link.close()));
    await bench.stop();
  });

  const options = (changes: Partial<LinkOptions> = {}): LinkOptions => ({
    url: bench.url,
    version,
    clientId: randomUUID(),
    username: 'token',
    keepaliveSeconds: 60,
    timeoutMs: 5000,
    ...changes,
  });
  const open = async (listener: LinkListener = listening(), changes: Partial<LinkOptions> = {}): Promise<Link> => {
    const link = await bench.broker.open(options(changes), listener, new AbortController().signal);
    opened.push(link);
    return link;
  };

  test('opens a clean session in the version asked for', async () => {
    const link = await open();
    expect(link.version).toBe(version);
    expect(link.sessionPresent).toBe(false);
  });

  test('delivers what another link publishes, as text, bytes and nothing at all', async () => {
    const seen = listening();
    const [receiver, sender] = [await open(seen), await open()];
    expect(await receiver.subscribe(['a/pepeunit', 'b/pepeunit'])).toEqual([
      { topic: 'a/pepeunit', granted: true, reasonCode: 0 },
      { topic: 'b/pepeunit', granted: true, reasonCode: 0 },
    ]);
    await sender.publish('a/pepeunit', 'тепло');
    await sender.publish('b/pepeunit', new TextEncoder().encode('bytes'), { qos: 1 });
    await sender.publish('b/pepeunit', '', { qos: 2 });
    await sender.publish('elsewhere', 'no one hears this', { qos: 1 });
    await until(() => seen.messages.length >= 3);
    expect(seen.messages).toEqual([
      { topic: 'a/pepeunit', text: 'тепло', retained: false },
      { topic: 'b/pepeunit', text: 'bytes', retained: false },
      { topic: 'b/pepeunit', text: '', retained: false },
    ]);
  });

  test('a thousand messages published at once arrive in order', async () => {
    const seen = listening();
    const [receiver, sender] = [await open(seen), await open()];
    await receiver.subscribe(['burst']);
    const wanted = Array.from({ length: 1000 }, (_, at) => String(at));
    await Promise.all(wanted.map((text) => sender.publish('burst', text, { qos: 1 })));
    await until(() => seen.messages.length >= 1000);
    expect(seen.messages.map(({ text }) => text)).toEqual(wanted);
  });

  test('a listener may hold back what follows, and loses nothing (M5)', async () => {
    const other = listening();
    const { seen, listener, goOn } = pausingAt('stop');
    const [receiver, witness, sender] = [await open(listener), await open(other), await open()];
    await receiver.subscribe(['stream']);
    await witness.subscribe(['stream']);
    const wanted = ['first', 'stop', ...Array.from({ length: 100 }, (_, at) => String(at)), 'stop', 'last'];
    for (const text of wanted) void sender.publish('stream', text);
    await until(() => other.messages.length === wanted.length);
    await aWhile();
    expect(seen.messages.map(({ text }) => text)).toEqual(['first', 'stop']);
    goOn();
    await until(() => seen.messages.length === wanted.length - 1);
    await aWhile();
    expect(seen.messages.map(({ text }) => text)).toEqual(wanted.slice(0, -1));
    goOn();
    await until(() => seen.messages.length === wanted.length);
    expect(seen.messages.map(({ text }) => text)).toEqual(wanted);
  });

  test('a link whose listener holds it back still publishes, and closes for good (M12)', async () => {
    const { seen, listener, goOn } = pausingAt('stop');
    const other = listening();
    const [receiver, witness] = [await open(listener), await open(other)];
    await receiver.subscribe(['stream']);
    await witness.subscribe(['heard', 'stream']);
    for (const text of ['stop', 'more']) await witness.publish('stream', text, { qos: 1 });
    await until(() => seen.messages.length > 0 && other.messages.length === 2);
    await receiver.publish('heard', 'x');
    await until(() => other.messages.length === 3);
    await receiver.close();
    goOn();
    await aWhile();
    expect(seen.messages.map(({ text }) => text)).toEqual(['stop']);
    expect(seen.ends).toEqual([]);
  });

  test('a link that is cut while its listener holds it back tells once', async () => {
    const { seen, listener, goOn } = pausingAt('stop');
    const [receiver, sender] = [await open(listener), await open()];
    await receiver.subscribe(['stream']);
    await sender.publish('stream', 'stop', { qos: 1 });
    await until(() => seen.messages.length > 0);
    bench.cut();
    goOn();
    await until(() => seen.ends.length > 0);
    await aWhile();
    expect(seen.ends).toHaveLength(1);
  });

  test('unsubscribed topics are silent, the others go on', async () => {
    const seen = listening();
    const [receiver, sender] = [await open(seen), await open()];
    await receiver.subscribe(['gone', 'kept']);
    await receiver.unsubscribe(['gone']);
    await sender.publish('gone', 'x', { qos: 1 });
    await sender.publish('kept', 'y', { qos: 1 });
    await until(() => seen.messages.length > 0);
    expect(seen.messages.map(({ topic }) => topic)).toEqual(['kept']);
  });

  test('a filter that is none costs nothing but itself (M7)', async () => {
    const link = await open();
    const grants = await link.subscribe(['good', 'bad/#/filter', '', 'also/good']);
    const granted = Object.fromEntries(grants.map((grant) => [grant.topic, grant.granted]));
    expect(granted).toEqual({ good: true, 'also/good': true, 'bad/#/filter': false, '': false });
  });

  test('a denied topic is told, and costs neither the others nor the link (M7)', async ({ skip }) => {
    const { deniedTopic } = bench;
    if (deniedTopic === undefined) return skip('this broker denies no SUBSCRIBE');
    const seen = listening();
    const link = await open(seen);
    const grants = await link.subscribe(['first', deniedTopic, 'last']);
    expect(grants.map(({ granted }) => granted)).toEqual([true, false, true]);
    expect(grants[1]?.reasonCode).toBeGreaterThanOrEqual(0x80);
    await link.publish('last', 'still here', { qos: 1 });
    await until(() => seen.messages.length === 1);
    expect(seen.ends).toEqual([]);
  });

  test('a topic with wildcards can not be published on', async () => {
    const link = await open();
    expect(await failure(link.publish('a/+/b', 'x'))).toMatchObject({ code: 'refused', reasonCode: 0x90 });
    await link.publish('a/b', 'the link lives', { qos: 1 });
  });

  test('an outcome is told what a promise would be', async ({ skip }) => {
    const link = await open();
    const { deliver } = link;
    if (!deliver) return skip('this link gives promises alone');
    const delivered = (topic: string, qos: Qos) =>
      new Promise<void>((resolve, reject) => deliver(topic, 'x', qos, false, { resolve, reject }));
    await Promise.all(([0, 1, 2] as const).map((qos) => delivered('a/b', qos)));
    expect(await failure(delivered('a/+/b', 1))).toMatchObject({ code: 'refused', reasonCode: 0x90 });
    await link.close();
    expect((await failure(delivered('a/b', 1))).code).toBe('closed');
  });

  test('refused credentials have their own code (M2)', async ({ skip }) => {
    if (!bench.stranger) return skip('this broker refuses no one');
    const error = await failure(open(listening(), bench.stranger));
    expect(error.code).toBe('credentials');
    expect(error.reasonCode).toBeGreaterThan(0);
    expect(error.message).not.toContain(bench.stranger.username);
  });

  test('close is quiet, final and may be called twice', async () => {
    const seen = listening();
    const link = await open(seen, { timeoutMs: 90_000 });
    const begun = performance.now();
    await Promise.all([link.close(), link.close()]);
    expect(performance.now() - begun).toBeLessThan(30_000);
    await link.close();
    expect((await failure(link.publish('a', 'x'))).code).toBe('closed');
    expect((await failure(link.subscribe(['a']))).code).toBe('closed');
    expect((await failure(link.unsubscribe(['a']))).code).toBe('closed');
    expect((await failure(link.ping())).code).toBe('closed');
    expect(seen.ends).toEqual([]);
  });

  test('the broker gives a sign of life when it is asked, also to many who ask (M4)', async () => {
    const link = await open();
    await expect(Promise.all([link.ping(), link.ping()])).resolves.toHaveLength(2);
    await expect(link.ping()).resolves.toBeUndefined();
  });

  test('a cut link tells once, and fails whatever it is asked', async () => {
    const seen = listening();
    const link = await open(seen);
    bench.cut();
    await until(() => seen.ends.length > 0);
    await link.close();
    expect(seen.ends).toHaveLength(1);
    expect(['closed', 'network']).toContain((seen.ends[0] as BrokerError).code);
    expect((await failure(link.publish('a', 'x'))).code).toBe('closed');
  });

  test('a second session of the same client ends the first (M17)', async () => {
    const seen = listening();
    const clientId = randomUUID();
    await open(seen, { clientId });
    await open(listening(), { clientId });
    await until(() => seen.ends.length > 0);
    expect(bench.takeOverCodes).toContain((seen.ends[0] as BrokerError).code);
  });

  test('an attempt that was given up rejects at once', async () => {
    const abort = new AbortController();
    const attempt = bench.broker.open(options(), listening(), abort.signal);
    abort.abort();
    expect((await failure(attempt)).code).toBe('closed');
    expect((await failure(bench.broker.open(options(), listening(), abort.signal))).code).toBe('closed');
  });
};

import * as fc from 'fast-check';
import { createActor } from 'xstate';
import { expect, onTestFinished, test } from 'vitest';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { batchFrom, LogSync } from '../../../app/client/reports.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { loggerMachine, type LoggerFact } from '../../../machines/logger.ts';
import { BrokerError } from '../../../services/errors.ts';
import { readStoredLogs, sendLogBatch } from '../../../services/log.ts';
import { settle } from '../../support/until.ts';

const line = (n: number, text = 'x'.repeat(1000)) => JSON.stringify({ level: 'Info', text: `${n} ${text}` });
const numbersIn = (payload: string) =>
  (JSON.parse(payload) as { text: string }[]).map(({ text }) => Number.parseInt(text, 10));
const lost = () => new BrokerError('closed', 'The link is down.');

test('batches hold every line once, in order, and are as large as the limit lets them be, byte for byte (L3)', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme', maxLength: 40 }), { minLength: 1 }),
      fc.nat(300),
      (texts, most) => {
        const lines = texts.map((text) => JSON.stringify({ level: 'Info', text }));
        const sent: unknown[] = [];
        for (let from = 0; from < lines.length;) {
          const { payload, sent: count, passed } = batchFrom(lines, from, { preferred: most, largest: Infinity });
          const bytes = Buffer.byteLength(payload);
          const next = lines[from + count];
          expect(passed).toBe(count);
          expect(count === 1 || bytes <= most).toBe(true);
          expect(next === undefined || bytes + 1 + Buffer.byteLength(next) > most).toBe(true);
          sent.push(...(JSON.parse(payload) as unknown[]));
          from += count;
        }
        expect(sent.map((one) => JSON.stringify(one))).toEqual(lines);
      },
    ),
  );
});

/** A logger on a sync of lines that a test can break off; each payload sent is written down with its moment. */
const setUp = (count: number) => {
  const clock = fakeClock();
  const lines = Array.from({ length: count }, (_, index) => line(index));
  const sent: { atMs: number; payload: string }[] = [];
  const fails = { after: Infinity };
  const limits = { maxBytes: 256 * 1024 };
  const answers = { areHeld: false, held: [] as (() => void)[] };
  const sync = new LogSync({
    stored: async () => lines,
    send: async (payload) => {
      if (sent.length >= fails.after) throw lost();
      sent.push({ atMs: clock.monotonic(), payload });
      if (answers.areHeld) await new Promise<void>((resolve) => answers.held.push(resolve));
    },
    maxBytes: () => limits.maxBytes,
  });
  const facts: LoggerFact[] = [];
  const logger = createActor(
    loggerMachine.provide({ actors: { readStored: readStoredLogs(sync), sendBatch: sendLogBatch(sync) } }),
    { clock, input: { config: { minLevel: 'Debug', maxLength: 2000, console: true, file: true, mqtt: true } } },
  );
  logger.on('*', (fact) => facts.push(fact));
  logger.start();
  logger.send({ type: 'broker.up' });
  const pass = async (isOver: () => boolean) => {
    for (let turn = 0; turn < 1000 && !isOver(); turn += 1) {
      await settle();
      if (!isOver()) clock.advance(25);
    }
    expect(isOver()).toBe(true);
  };
  /** Goes on until the sync is over. @returns What was told of it. */
  const finish = async () => {
    const before = facts.length;
    await pass(() => facts.length > before);
    return facts.at(-1);
  };
  const run = async () => {
    logger.send({ type: 'logger.sync' });
    return finish();
  };
  const texts = () => sent.flatMap(({ payload }) => numbersIn(payload));
  onTestFinished(() => void logger.stop());
  return { answers, clock, lines, sent, texts, fails, limits, logger, pass, run, finish };
};

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
const synced = (entries: number, omitted = 0) => ({ type: 'logger.synced', entries, omitted });

test('everything stored goes out, oldest first, paced under 30 messages and 1 MB a second (L3)', async () => {
  const { sent, texts, run } = setUp(1000);
  expect(await run()).toEqual(synced(1000));
  expect(texts()).toEqual(upTo(1000));
  for (const { payload } of sent) expect(Buffer.byteLength(payload)).toBeLessThanOrEqual(64 * 1024);
  const [{ atMs: firstMs } = { atMs: 0 }] = sent;
  const firstSecond = sent.filter(({ atMs }) => atMs < firstMs + 1000);
  expect(firstSecond.length).toBeLessThan(30);
  expect(firstSecond.reduce((bytes, { payload }) => bytes + payload.length, 0)).toBeLessThan(1_000_000);
  expect(sent.length).toBeGreaterThan(firstSecond.length);
});

test('cut off, it goes on with the batch that was not acknowledged; asked anew, it begins anew (L3)', async () => {
  const { fails, finish, logger, pass, run, sent, texts } = setUp(500);
  fails.after = 3;
  logger.send({ type: 'logger.sync' });
  await pass(() => logger.getSnapshot().matches('interrupted'));
  expect(sent).toHaveLength(3);
  fails.after = Infinity;
  expect(await finish()).toEqual(synced(500));
  expect(texts()).toEqual(upTo(500));
  expect(await run()).toEqual(synced(500));
  expect(texts()).toEqual([...upTo(500), ...upTo(500)]);
});

test('cut off before its last batch is acknowledged, it sends that one again, however late the answer is (L3)', async () => {
  const { answers, finish, logger, pass, texts } = setUp(3);
  answers.areHeld = true;
  logger.send({ type: 'logger.sync' });
  await pass(() => answers.held.length === 1);
  logger.send({ type: 'broker.down' });
  answers.held[0]?.();
  answers.areHeld = false;
  logger.send({ type: 'broker.up' });
  expect(await finish()).toEqual(synced(3));
  expect(texts()).toEqual([0, 1, 2, 0, 1, 2]);
});

test('stopped between two batches, it leaves no timer', async () => {
  const { clock, logger, pass } = setUp(1000);
  logger.send({ type: 'logger.sync' });
  await pass(() => logger.getSnapshot().matches({ syncing: 'pausing' }));
  expect(clock.pending).toBeGreaterThan(0);
  logger.stop();
  expect(clock.pending).toBe(0);
});

test('entries that would not fit into a packet are left out, and told (L3)', async () => {
  const { lines, texts, run } = setUp(2);
  lines.push(line(2, 'y'.repeat(300_000)), line(3), line(4, 'y'.repeat(300_000)));
  expect(await run()).toEqual(synced(3, 2));
  expect(texts()).toEqual([0, 1, 3]);
});

test('where no entry fits, nothing is sent (L3)', async () => {
  const { limits, run, sent } = setUp(3);
  limits.maxBytes = 100;
  expect(await run()).toEqual(synced(0, 3));
  expect(sent).toEqual([]);
});

test('a batch is no longer than what can be sent, also when the next link takes less (L3)', async () => {
  const { fails, finish, limits, logger, pass, sent, texts } = setUp(100);
  limits.maxBytes = 5000;
  fails.after = 3;
  logger.send({ type: 'logger.sync' });
  await pass(() => logger.getSnapshot().matches('interrupted'));
  limits.maxBytes = 2500;
  fails.after = Infinity;
  expect(await finish()).toEqual(synced(100));
  expect(texts()).toEqual(upTo(100));
  const sizes = sent.map(({ payload }) => Buffer.byteLength(payload));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(5000);
  expect(Math.max(...sizes.slice(3))).toBeLessThanOrEqual(2500);
});

test('a unit whose link breaks under a sync sends all that it stored once, and what came meanwhile after it (L3)', async () => {
  const { client, world } = createTestUnit({ env: { PU_MAX_LOG_LENGTH: 3000 }, ffConsoleLogEnable: false });
  const pass = async (done: () => boolean) => {
    for (let turn = 0; turn < 2000 && !done(); turn += 1) {
      await settle();
      world.clock.advance(50);
    }
    expect(done()).toBe(true);
  };
  let isOnline = false;
  client.on('online', () => (isOnline = true));
  client.on('offline', () => (isOnline = false));
  void client.ready();
  await pass(() => isOnline);
  const filling = 'z'.repeat(500);
  for (let n = 0; n < 1500; n += 1) client.logger.info(`stored ${n} ${filling}`, { fileOnly: true });
  let entries = 0;
  client.on('logsSynced', (event) => (entries = event.entries));
  client.actor.send({ type: 'logger.sync' });
  const batches = () => world.broker.published.filter(({ payload }) => payload[0] === '['.charCodeAt(0));
  await pass(() => batches().length > 4);
  client.logger.info('made meanwhile');
  world.broker.cut();
  await pass(() => !isOnline);
  await pass(() => entries > 0);
  const texts = batches().flatMap(({ payload }) =>
    (JSON.parse(new TextDecoder().decode(payload)) as { text: string }[]).map(({ text }) => text),
  );
  const stored = texts.filter((text) => text.startsWith('stored'));
  const seen = new Set(stored);
  expect([...seen].map((text) => Number(text.split(' ')[1]))).toEqual(Array.from({ length: 1500 }, (_, n) => n));
  expect(stored.length - seen.size, 'twice at most what was in flight').toBeLessThan(150);
  expect(entries).toBeGreaterThanOrEqual(1500);
  await pass(() =>
    world.broker.published.some(({ payload }) => String(Buffer.from(payload)).includes('made meanwhile')),
  );
  await client.stopMainCycle();
});

test('no message of a sync is larger than the packets of the outbox may be (L3)', async () => {
  const packetBytes = 2048;
  const { client, world } = createTestUnit({ outbox: { packetBytes }, ffConsoleLogEnable: false });
  await client.ready();
  for (let n = 0; n < 50; n += 1) client.logger.info(`stored ${n} ${'z'.repeat(100)}`, { fileOnly: true });
  const lengths: number[] = [];
  client.on('logsSynced', ({ entries }) => lengths.push(entries));
  client.actor.send({ type: 'logger.sync' });
  for (let turn = 0; turn < 2000 && lengths.length === 0; turn += 1) {
    await settle();
    world.clock.advance(50);
  }
  expect(lengths[0]).toBeGreaterThanOrEqual(50);
  const batches = world.broker.published.filter(({ payload }) => payload[0] === '['.charCodeAt(0));
  expect(batches.length).toBeGreaterThan(4);
  for (const { topic, payload } of batches) expect(topic.length + payload.length + 9).toBeLessThanOrEqual(packetBytes);
  await client.stopMainCycle();
});

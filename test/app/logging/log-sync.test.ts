import { expect, onTestFinished, test } from 'vitest';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

const line = (text: string, more: object = {}) =>
  JSON.stringify({ level: 'Info', text, create_datetime: '2026-01-31T12:00:00.000Z', ...more });

const startUnit = async (lines: readonly string[]) => {
  const unit = await createLiveUnit();
  onTestFinished(() => unit.stop());
  await unit.write('env.json', JSON.stringify({ ...JSON.parse(await unit.read('env.json')), PU_MAX_LOG_LENGTH: 2000 }));
  await unit.write('log.json', lines.map((stored) => `${stored}\n`).join(''));
  const { client, instance, row } = unit;
  let syncs = 0;
  client.on('logsSynced', () => (syncs += 1));
  const isOnline = new Promise((resolve) => client.on('online', resolve));
  void client.ready();
  await isOnline;
  const atInstance = () => instance.operator.logList(row.uuid, { limit: 10_000 }).unit_logs;
  return {
    ...unit,
    atInstance,
    texts: () => atInstance().map(({ text }) => text),
    command: () => instance.operator.sendCommand(row.uuid, 'LogSync'),
    synced: (times: number) => until(() => syncs >= times, { what: `${times} ended syncs`, timeoutMs: 30_000 }),
  };
};

test.each([
  ['in words', { create_datetime: 'yesterday' }, expect.any(String)],
  ['of no calendar', { create_datetime: '2026-02-30T12:00:00.000Z' }, expect.any(String)],
  ['of no type', { create_datetime: true }, expect.any(String)],
  ['of a far year', { create_datetime: '+275760-01-01T00:00:00.000Z' }, expect.any(String)],
  ['in a zone', { create_datetime: '2026-01-31T15:00:00.123456789+03:00' }, '2026-01-31T12:00:00.123000'],
  ['without a zone', { create_datetime: '2026-01-31 12:00' }, '2026-01-31T12:00:00.000000'],
  ['in unix seconds', { create_datetime: 1_769_860_800.5 }, '2026-01-31T12:00:00.500000'],
])('a line with a date %s costs the sync no other line (L8)', async (_, more, read) => {
  const stored = Array.from({ length: 34 }, (__, n) => line(`stored ${n} привет 🚒`));
  const { command, synced, atInstance } = await startUnit([
    ...stored.slice(0, 17),
    line('odd', more),
    ...stored.slice(17),
  ]);
  await command();
  await synced(1);
  const texts = await until(
    () => {
      const all = atInstance().map(({ text }) => text);
      return all.includes('odd') && all;
    },
    { what: 'the synced log', timeoutMs: 30_000 },
  );
  expect(texts.filter((text) => text.startsWith('stored'))).toHaveLength(34);
  expect(atInstance().find(({ text }) => text === 'odd')?.create_datetime).toEqual(read);
});

test('what an app logs while a sync is asked for and runs is sent once (L8)', async () => {
  const stored = Array.from({ length: 1000 }, (_, n) => line(`stored ${n} ${'x'.repeat(300)}`));
  const { client, command, synced, texts } = await startUnit(stored);
  let made = 0;
  let madeBefore = 0;
  client.on('command', () => (madeBefore = made));
  const chatter = setInterval(() => client.logger.info(`made ${(made += 1)}`), 20);
  onTestFinished(() => clearInterval(chatter));
  await until(() => made > 5);
  await command();
  const before = made;
  await synced(1);
  clearInterval(chatter);
  expect(made).toBeGreaterThan(before);
  await until(() => texts().includes(`made ${made}`), { what: 'the last line', timeoutMs: 30_000 });
  const all = texts();
  expect(all.filter((text) => text.startsWith('stored'))).toHaveLength(1000);
  const seen = all.filter((text) => /^made|^Command received/.test(text));
  const twice = seen.filter((text, at) => seen.indexOf(text) !== at);
  // What the instance took while the command was on its way it has kept, and no unit can know that.
  const unknowable = new Set(Array.from({ length: madeBefore }, (_, n) => `made ${n + 1}`));
  expect(twice.filter((text) => !unknowable.has(text))).toEqual([]);
  expect(new Set(seen).size).toBe(made + 1);
});

test('two commands together leave each line at the instance once; one during a sync leaves them all (L8)', async () => {
  const stored = Array.from({ length: 1500 }, (_, n) => line(`stored ${n} ${'x'.repeat(300)}`));
  const { command, synced, texts } = await startUnit(stored);
  const own = () => texts().filter((text) => text.startsWith('stored'));
  await Promise.all([command(), command()]);
  await synced(1);
  await until(() => new Set(own()).size === 1500, { what: 'the whole log' });
  expect(own()).toHaveLength(1500);
  await command();
  await until(() => own().length > 0 && own().length < 1500, { what: 'the first batches' });
  await command();
  await synced(2);
  await until(() => new Set(own()).size === 1500, { what: 'the whole log' });
  expect(own().length, 'not sent on by the first sync').toBeLessThan(2000);
});

test('a log that is longer than the default outlives the next start (L2)', async () => {
  const stored = Array.from({ length: 300 }, (_, n) => line(`stored ${n}`));
  const { client, read, write } = await startUnit(stored);
  client.logger.info('after the start');
  await until(async () => (await read('log.json')).includes('after the start'));
  const kept = (await read('log.json')).split('\n').filter((text) => text.includes('stored '));
  expect(kept.map((text) => text.trim())).toEqual(stored);
  const env = JSON.parse(await read('env.json')) as object;
  await write('env.json', JSON.stringify({ ...env, PU_MAX_LOG_LENGTH: 10 }));
  await client.settings.loadFromFile();
  client.logger.info('under another limit');
  const isShort = async () => (await read('log.json')).split('\n').filter((text) => text.trim() !== '').length <= 10;
  await until(isShort, { what: 'the newest ten lines' });
});

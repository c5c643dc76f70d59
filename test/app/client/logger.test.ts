import { afterEach, beforeEach, expect, test } from 'vitest';
import { memoryLogSink, type MemoryLogSink } from '../../../adapters/memory/log-sink.ts';
import type { SinkName } from '../../../app/node.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

let live: LiveUnit;
let shown: MemoryLogSink;
beforeEach(async () => {
  shown = memoryLogSink();
  live = await createLiveUnit({ ffConsoleLogEnable: true, adapters: { console: shown } });
  await live.client.ready();
});
afterEach(() => live.stop());

/** What the console, log.json and the instance have of these texts; each arrives in order. */
const texts: Readonly<Record<SinkName, () => Promise<unknown[]>>> = {
  console: async () => shown.entries.map(({ text }) => text),
  file: async () => (await live.client.logger.getFullLog()).map(({ text }) => text),
  mqtt: async () => live.instance.operator.logList(live.row.uuid).unit_logs.map(({ text }) => text),
};
const sinks = ['console', 'file', 'mqtt'] as const;

test.each(sinks)('the %s of a running unit is turned off and on again, and the others go on (L5)', async (sink) => {
  const { logger } = live.client;
  logger.disable(sink);
  logger.warning('while it is off');
  logger.enable(sink);
  logger.warning('after that');
  for (const other of sinks) {
    await until(async () => (await texts[other]()).includes('after that'));
    expect((await texts[other]()).includes('while it is off'), other).toBe(other !== sink);
  }
});

test('a sink that is none is told in the log, and changes nothing', () => {
  const before = live.client.actor.getSnapshot().context.logConfig;
  live.client.logger.disable('printer' as SinkName);
  expect(live.client.actor.getSnapshot().context.logConfig).toEqual(before);
  expect(shown.entries.at(-1)).toMatchObject({
    level: 'Warning',
    text: expect.stringContaining('"printer" is no sink'),
  });
});

test('objects given to the logger are shown as JSON, and errors with their causes', async () => {
  const { logger } = live.client;
  logger.info({ celsius: 21.5, sensor: new Map([['id', 7n]]) });
  logger.error(new TypeError('no sensor', { cause: new Error('unplugged') }));
  const wanted = ['{"celsius":21.5,"sensor":{"id":"7n"}}', 'TypeError: no sensor, caused by Error: unplugged'];
  for (const sink of sinks) {
    await until(async () => (await texts[sink]()).includes(wanted[1]));
    expect(await texts[sink]()).toEqual(expect.arrayContaining(wanted));
  }
});

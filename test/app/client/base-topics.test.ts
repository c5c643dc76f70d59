import { expect, test } from 'vitest';
import { memoryLogSink } from '../../../adapters/memory/log-sink.ts';
import type { JsonObject } from '../../../services/json.ts';
import { exampleSchema } from '../../support/documents.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

const few = { ...exampleSchema, input_base_topic: ['update/pepeunit', 'schema_update/pepeunit'] };

/** A unit of this schema with what its console shows. */
const createUnit = async (schema: JsonObject) => {
  const shown = memoryLogSink();
  const live = await createLiveUnit({ ffConsoleLogEnable: true, adapters: { console: shown } }, {}, schema);
  const faults = () => shown.entries.filter(({ level }) => level !== 'Debug' && level !== 'Info');
  return { live, shown, faults };
};

test('a unit whose schema lists update, schema_update and state alone does all of these, and logs no fault', async () => {
  const { live, shown, faults } = await createUnit({ ...few, output_base_topic: ['state/pepeunit'] });
  await live.client.ready();
  await until(() => live.instance.operator.getUnit(live.row.uuid).unit_state !== null);
  const loaded = shown.entries.length;
  await live.instance.operator.sendCommand(live.row.uuid, 'SchemaUpdate');
  await until(() => shown.entries.slice(loaded).some(({ text }) => text.startsWith('Schema loaded')));
  const finished = new Promise((resolve) => live.client.on('updateFinished', resolve));
  await live.addVersion('version 2');
  await live.instance.operator.sendCommand(live.row.uuid, 'Update');
  await finished;
  expect(await live.read('program.txt')).toBe('version 2');
  expect(await live.client.publishToTopics('output/pepeunit', 'value')).toBe(true);
  expect(live.instance.operator.logList(live.row.uuid).unit_logs).toEqual([]);
  expect(live.client.metrics().outbox.waiting).toBe(0);
  expect(shown.entries.map(({ text }) => text)).toContain(
    'schema.json lists no env_update/pepeunit, log_sync/pepeunit, reset/pepeunit, log/pepeunit',
  );
  expect(faults()).toEqual([]);
  await live.stop();
});

test('a unit whose schema lists no state reports none, and its log goes out', async () => {
  const { live, faults } = await createUnit({ ...few, output_base_topic: ['log/pepeunit'] });
  await live.client.ready();
  live.client.logger.info('to the instance');
  await until(() =>
    live.instance.operator.logList(live.row.uuid).unit_logs.some(({ text }) => text === 'to the instance'),
  );
  expect(live.instance.operator.getUnit(live.row.uuid).unit_state).toBeNull();
  expect(live.client.metrics().reports).toBe(0);
  expect(faults()).toEqual([]);
  await live.stop();
});

test('a unit whose schema lists no base topic at all goes online and publishes', async () => {
  const { live, faults } = await createUnit({ ...few, input_base_topic: [], output_base_topic: [] });
  await live.client.ready();
  expect(await live.client.publishToTopics('output/pepeunit', 'value')).toBe(true);
  expect(faults()).toEqual([]);
  await live.stop();
});

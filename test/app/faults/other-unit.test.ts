import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

let unit: LiveUnit;
afterEach(() => unit.stop());

/** Publishes offline, and stops; what was published waits in files then. */
const leave = async (...texts: string[]) => {
  const client = unit.another({ ffMqttLogEnable: false });
  await client.settings.loadFromFile();
  await client.schema.updateFromFile();
  for (const text of texts) expect(await client.publishToTopics('output/pepeunit', text, { qos: 1 })).toBe(true);
  await client.stopMainCycle();
};

/** The texts on the first unit's output, and whose token they were published with, as they come. */
const listen = () => {
  const published: (readonly [unit: string | undefined, text: string])[] = [];
  const topic = unit.topic('output_topic', 'output/pepeunit');
  unit.instance.events.on('published', (event) => {
    if (event.topic === topic) published.push([event.unit, Buffer.from(event.payload).toString()]);
  });
  return published;
};

test('what waits does not go out as another unit when env.json is replaced by that of one (S8)', async () => {
  unit = await createLiveUnit();
  await leave('of the first', 'of the first too');
  const published = listen();
  const { operator } = unit.instance;
  const second = await operator.createUnit({ name: 'another', folder: join(unit.folder, '..', 'source'), env: {} });
  const own = await unit.read('env.json');
  const ownSchema = await unit.read('schema.json');
  await unit.write('env.json', JSON.stringify(await operator.getEnv(second.uuid)));
  await unit.write('schema.json', JSON.stringify(operator.getSchema(second.uuid)));
  const client = unit.another();
  await client.ready();
  await until(() => client.metrics().outbox.dead === 2);
  await until(() => client.metrics().outbox.waiting === 0, { what: 'the end of what waits' });
  await client.stopMainCycle();
  const letters = (await unit.read('.pepeunit/outbox/dead.ndjson')).trim().split('\n');
  expect(letters.map((letter) => (JSON.parse(letter) as { unit: string }).unit)).toEqual(Array(2).fill(unit.row.uuid));
  expect(letters[0]).toContain(second.uuid);

  await unit.write('env.json', own);
  await unit.write('schema.json', ownSchema);
  await leave('of the first again');
  await unit.another().ready();
  await until(() => published.length > 0);
  expect(published).toEqual([[unit.row.uuid, 'of the first again']]);
});

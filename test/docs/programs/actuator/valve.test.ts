import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestUnit } from 'pepeunit-client/testing';
import env from './env_example.json' with { type: 'json' };
import schema from './schema_example.json' with { type: 'json' };
import { codecs, valve } from './valve.js';

const outbox = { policies: { 'position/pepeunit': 'latest' } } as const;
const at = (percent: number) => JSON.stringify({ open: percent > 0, percent });

const start = async (variables = env) => {
  const unit = createTestUnit({ program: valve, codecs, env: variables, schema, outbox });
  await unit.start();
  return unit;
};

test('it obeys, and says where it is', async () => {
  const unit = await start();
  await unit.receive('valve/pepeunit', '{"open": true, "percent": 40}');
  await unit.receive('valve/pepeunit', '{"open": false, "percent": 40}');
  assert.deepEqual(unit.published('position/pepeunit'), [at(0), at(40), at(0)]);
  await unit.stop();
});

test('what is wrong is refused in a line of the log, and changes nothing', async () => {
  const unit = await start();
  await unit.receive('valve/pepeunit', '{"open": true}');
  const bad = ['{"open": "yes"}', '{"open": true, "percent": 101}', '{"open": true, "angle": 3}', '[]', 'open!', ''];
  for (const payload of bad) await unit.receive('valve/pepeunit', payload);
  assert.deepEqual(unit.published('position/pepeunit'), [at(0), at(env.DEFAULT_PERCENT)]);
  const refused = unit.logged().filter((line) => line.includes('valve/pepeunit'));
  assert.equal(refused.length, bad.length);
  assert.match(refused[1] ?? '', /"percent" must be 0 to 100/);
  await unit.receive('valve/pepeunit', at(41));
  assert.equal(unit.published('position/pepeunit').at(-1), at(41));
  await unit.stop();
});

test('the default opening is that of env, also of a new one', async () => {
  const unit = await start({ DEFAULT_PERCENT: 70 });
  const opensTo = async (percent: number) => {
    await unit.receive('valve/pepeunit', '{"open": true}');
    assert.equal(unit.published('position/pepeunit').at(-1), at(percent));
  };
  await opensTo(70);
  await unit.client.settings.update({ DEFAULT_PERCENT: 15 });
  await opensTo(15);
  unit.world.http.documents.env = { ...(unit.world.http.documents.env as object), DEFAULT_PERCENT: 60 };
  await unit.command('env_update');
  await opensTo(60);
  await unit.stop();
});

test('after an outage the newest position arrives, and it obeys again', async () => {
  const unit = await start();
  unit.partition();
  await unit.until(() => !unit.isOnline());
  for (const percent of [10, 20, 30]) await unit.client.publishToTopics('position/pepeunit', at(percent));
  await unit.receive('valve/pepeunit', at(99));
  unit.heal();
  await unit.until(() => unit.published('position/pepeunit').length > 1);
  assert.deepEqual(unit.published('position/pepeunit'), [at(0), at(30)]);
  await unit.receive('valve/pepeunit', at(50));
  assert.equal(unit.published('position/pepeunit').at(-1), at(50));
  await unit.stop();
});

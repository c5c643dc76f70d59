import { mkdir, stat, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { api, connectUnit, json } from '../../support/instance.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';
import { until } from '../../support/until.ts';

/** How long the platform waits for a unit in its own tests. */
const timeoutMs = 30_000;
/** Reports of a fast unit, so that the instance takes each of them. */
const fast = { PU_STATE_SEND_INTERVAL: 1 };

/** A unit that runs, with env.json as the instance has it but for some variables. */
const startUnit = async (left: readonly string[] = []) => {
  const live = await createLiveUnit();
  onTestFinished(() => live.stop());
  const { client, instance, row } = live;
  await instance.operator.setEnv(row.uuid, fast);
  const env = Object.entries(await instance.operator.getEnv(row.uuid)).filter(([name]) => !left.includes(name));
  await live.write('env.json', JSON.stringify(Object.fromEntries(env)));
  const now = () => instance.operator.getUnit(row.uuid);
  return { ...live, now, run: () => void client.runMainCycle() };
};

const isReported = (unit: Awaited<ReturnType<typeof startUnit>>) =>
  until(() => unit.now().current_commit_version === unit.instance.operator.getTargetVersion(unit.row.uuid).commit, {
    timeoutMs,
    what: 'a state with the commit',
  });

/** A second unit on the same instance, whose input is linked to the output of the first. */
const linkedUnit = async ({ another, folder, instance, row }: LiveUnit) => {
  const { operator } = instance;
  const next = await operator.createUnit({ name: 'next', folder: join(folder, '../source') });
  const node = (unit: typeof next, key: string) => unit.unit_nodes.find((one) => one.topic_name === key)?.uuid ?? '';
  await operator.createEdge(node(row, 'output/pepeunit'), node(next, 'input/pepeunit'));
  const at = (name: string) => join(folder, '../next', name);
  await mkdir(at('.'));
  await writeFile(at('env.json'), JSON.stringify(await operator.getEnv(next.uuid)));
  await writeFile(at('schema.json'), JSON.stringify(operator.getSchema(next.uuid)));
  const paths = { envFilePath: at('env.json'), schemaFilePath: at('schema.json'), logFilePath: at('log.json') };
  return { client: another(paths), input: node(row, 'input/pepeunit'), output: node(next, 'output/pepeunit') };
};

describe('what the platform expects of a unit', () => {
  test('a state with its commit within 30 s of the start, with no log.json there', async () => {
    const unit = await startUnit();
    await expect(stat(unit.path('log.json'))).rejects.toMatchObject({ code: 'ENOENT' });
    unit.run();
    await isReported(unit);
  });

  test('that it lives with an env without PU_SECRET_KEY', async () => {
    const unit = await startUnit(['PU_SECRET_KEY']);
    expect(await unit.read('env.json')).not.toContain('PU_SECRET_KEY');
    unit.run();
    await isReported(unit);
  });

  test('EnvUpdate changes the file, which can be read at every moment', async () => {
    const unit = await startUnit();
    unit.run();
    await isReported(unit);
    const { operator } = unit.instance;
    await operator.setEnv(unit.row.uuid, { PU_MIN_LOG_LEVEL: 'Info' });
    await operator.sendCommand(unit.row.uuid, 'EnvUpdate');
    const level = async () => (JSON.parse(await unit.read('env.json')) as Record<string, unknown>)['PU_MIN_LOG_LEVEL'];
    await until(async () => (await level()) === 'Info', { timeoutMs, what: 'the new env' });
  });

  test('SchemaUpdate writes schema.json, also when nothing has changed', async () => {
    const unit = await startUnit();
    unit.run();
    await isReported(unit);
    const [before, text] = [await stat(unit.path('schema.json')), await unit.read('schema.json')];
    await unit.instance.operator.sendCommand(unit.row.uuid, 'SchemaUpdate');
    const isNewer = async () => (await stat(unit.path('schema.json'))).mtimeMs > before.mtimeMs;
    await until(isNewer, { timeoutMs, what: 'a newer schema.json' });
    expect(JSON.parse(await unit.read('schema.json'))).toEqual(JSON.parse(text));
  });

  test('LogSync brings an Info row after the log was wiped (L3)', async () => {
    const unit = await startUnit();
    unit.run();
    await isReported(unit);
    const rows = () => unit.instance.operator.logList(unit.row.uuid, { levels: ['Info'] }).unit_logs;
    const before = new Set(rows().map(({ uuid }) => uuid));
    await unit.instance.operator.sendCommand(unit.row.uuid, 'LogSync');
    const isThereAgain = () => rows().some(({ text, uuid }) => text === 'Settings loaded' && !before.has(uuid));
    await until(isThereAgain, { timeoutMs, what: 'the stored rows' });
    expect(rows().filter(({ uuid }) => before.has(uuid))).toEqual([]);
  });

  test('set_state_input travels two hops, and nothing is published on own input nodes', async () => {
    const unit = await startUnit();
    const next = await linkedUnit(unit);
    const passOn = (client: typeof unit.client) =>
      client.setMqttInputHandler(async (self, message) => {
        if (message.key === 'input/pepeunit') await self.publishToTopics('output/pepeunit', message.text());
      });
    passOn(unit.client);
    passOn(next.client);
    await Promise.all([unit.client.ready(), next.client.ready()]);
    const path = `/unit_nodes/set_state_input/${next.input}`;
    const asOperator = api(unit.instance, unit.instance.operator.token);
    expect((await asOperator('PATCH', path, { state: 'привет 🚒' })).status).toBe(200);
    const { operator } = unit.instance;
    await until(() => operator.getNode(next.output).state === 'привет 🚒', { timeoutMs, what: 'the second hop' });
    const published = unit.events.filter((event) => event.type === 'published' && event.unit !== undefined);
    expect(published.length).toBeGreaterThan(0);
    expect(published.filter((event) => 'key' in event && event.key === 'input/pepeunit')).toEqual([]);
  });

  test('numbers from 0, four a second, arrive in order', async () => {
    const unit = await startUnit();
    const next = await linkedUnit(unit);
    const arrived: string[] = [];
    next.client.setMqttInputHandler((_, message) => void arrived.push(message.text()));
    await Promise.all([unit.client.ready(), next.client.ready()]);
    let number = 0;
    const sending = setInterval(() => {
      void unit.client.publishToTopics('output/pepeunit', number);
      number += 1;
    }, 250);
    onTestFinished(() => clearInterval(sending));
    await until(() => arrived.length >= 8, { timeoutMs, what: 'eight numbers' });
    expect(arrived.slice(0, 8)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
  });

  test("its own base topics are allowed, another unit's are denied", async () => {
    const { folder, instance, row } = await startUnit();
    const { operator } = instance;
    const other = await operator.createUnit({ name: 'other', folder: join(folder, '../source') });
    const { PU_AUTH_TOKEN: token } = (await operator.getEnv(row.uuid)) as { PU_AUTH_TOKEN: string };
    const base = (unit: string): string[] => {
      const schema = operator.getSchema(unit) as Record<string, Record<string, string[]>>;
      return Object.values({ ...schema['input_base_topic'], ...schema['output_base_topic'] }).flat();
    };
    const asked = [...base(row.uuid), ...base(other.uuid)];
    const answers = await Promise.all(
      asked.map((topic) => json(api(instance, undefined)('POST', '/units/auth', { token, topic }))),
    );
    const results = answers.map((answer) => (answer as { result: string }).result);
    expect(results).toEqual([...Array(7).fill('allow'), ...Array(7).fill('deny')]);
    const link = await connectUnit(instance.mqttUrl, token);
    expect(await link.subscribe(...asked)).toEqual([...Array(7).fill(1), ...Array(7).fill(128)]);
  });
});

describe('what the platform expects of a unit in a process of its own', () => {
  let yard: Yard;
  beforeAll(async () => {
    yard = await createYard();
  });
  afterAll(() => yard.stop());

  const startProcess = async (name: string) => {
    const unit = await createSupervisedUnit(yard, name, { label: 'one' });
    const { operator } = yard.instance;
    await operator.setEnv(unit.uuid, fast);
    await writeFile(join(unit.folder, 'env.json'), JSON.stringify(await operator.getEnv(unit.uuid)));
    const first = operator.getTargetVersion(unit.uuid).commit;
    unit.run();
    const isConfirmed = (commit: string) => {
      const { current_commit_version: version, firmware_update_status: status } = operator.getUnit(unit.uuid);
      return version === commit && status === 'Success';
    };
    const confirmed = (commit: string) => unit.waitFor(`${commit} is confirmed`, () => isConfirmed(commit), timeoutMs);
    await unit.hears('one', 'online');
    return { ...unit, confirmed, first, operator };
  };

  test('an Update by hand to an older commit is confirmed', async () => {
    const unit = await startProcess('older');
    const second = await unit.add({ label: 'two' });
    await unit.update(second);
    await unit.confirmed(second);
    await unit.hears('two', 'updateConfirmed');
    await unit.update(unit.first);
    await unit.confirmed(unit.first);
    expect(await readFile(join(unit.folder, 'main.js'), 'utf8')).toContain("label: 'one'");
    await unit.stop();
  });

  test('of three Updates at once, also backwards, the last wins (U15)', async () => {
    const unit = await startProcess('three');
    const second = await unit.add({ label: 'two' });
    const third = await unit.add({ label: 'three' });
    const fourth = await unit.add({ label: 'four' });
    for (const commit of [fourth, third, second]) await unit.update(commit);
    await unit.confirmed(second);
    expect(await readFile(join(unit.folder, 'main.js'), 'utf8')).toContain("label: 'two'");
    await unit.stop();
  });

  test('Reset logs its Info row also at the least level Info, and the unit works afterwards', async () => {
    const unit = await startProcess('reset');
    const { operator, uuid } = unit;
    await operator.setEnv(uuid, { ...fast, PU_MIN_LOG_LEVEL: 'Info' });
    await operator.sendCommand(uuid, 'EnvUpdate');
    const env = async () => JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8')) as object;
    const has = (variables: object) => async () =>
      Object.entries(await env())
        .join()
        .includes(Object.entries(variables).join());
    await unit.waitFor('the level', has({ PU_MIN_LOG_LEVEL: 'Info' }), timeoutMs);
    await operator.sendCommand(uuid, 'Reset');
    const row = 'Info: Reset command received, restarting program';
    await unit.waitFor('the row of the reset', () => unit.log().includes(row), timeoutMs);
    const times = () => unit.said().filter(({ said }) => said === 'online').length;
    await unit.waitFor('the unit is back', () => times() > 1, timeoutMs);
    expect(times()).toBe(2);
    await operator.setEnv(uuid, { ...fast, PU_MIN_LOG_LEVEL: 'Warning' });
    await operator.sendCommand(uuid, 'EnvUpdate');
    await unit.waitFor('it obeys', has({ PU_MIN_LOG_LEVEL: 'Warning' }), timeoutMs);
    await unit.stop();
  });
});

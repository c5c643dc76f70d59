import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { memoryProcessControl } from '../../adapters/memory/process-control.ts';
import type { UnitRow } from '../../app/instance/index.ts';
import { parseEnv } from '../../services/env.ts';
import { exampleSchema } from '../support/documents.ts';
import { temporaryFolder, writeFiles } from '../support/folder.ts';
import { createLiveUnit, type LiveUnit } from '../support/live-unit.ts';
import { describeWithNeighbour, neighbourProgram, startNeighbour } from '../support/neighbour.ts';
import { until } from '../support/until.ts';

const key = 'MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
const nodeOf = ({ unit_nodes: nodes }: UnitRow, type: string): string =>
  nodes.find((node) => node.type === type)?.uuid ?? '';

/** A unit of the official client on an instance, which runs. */
const createNeighbour = async ({ instance: { operator } }: LiveUnit) => {
  const root = await temporaryFolder();
  const versionOf = async (version: number) => {
    const source = join(root, `source-${version}`);
    await writeFiles(source, {
      'env_example.json': JSON.stringify({ DELAY: 1 }),
      'schema_example.json': JSON.stringify(exampleSchema),
      'main.py': await neighbourProgram(version),
    });
    return source;
  };
  const row = await operator.createUnit({ name: 'neighbour', folder: await versionOf(1), env: {} });
  const folder = join(root, 'unit');
  await mkdir(folder);
  await writeFile(join(folder, 'env.json'), JSON.stringify(await operator.getEnv(row.uuid)));
  await writeFile(join(folder, 'schema.json'), JSON.stringify(operator.getSchema(row.uuid)));
  await writeFile(join(folder, 'main.py'), await neighbourProgram(1));
  const unit = startNeighbour(folder);
  const logged = (text: string) =>
    operator.logList(row.uuid, { limit: 500 }).unit_logs.filter((entry) => entry.text.includes(text)).length;
  /** Waits until it has subscribed for the nth time. */
  const isOnline = (times: number) =>
    until(() => logged('Resubscribed') >= times, { what: `link ${times} of the neighbour` });
  /** Sends a command until it is obeyed: the client tries once, and a busy machine may be too slow for it. */
  const command = async (name: 'SchemaUpdate' | 'EnvUpdate' | 'LogSync' | 'Update', isObeyed: () => boolean) => {
    for (let attempt = 1; !isObeyed(); attempt += 1) {
      await operator.sendCommand(row.uuid, name);
      const what = `the neighbour's ${name}, attempt ${attempt}: ${operator
        .logList(row.uuid, { limit: 500 })
        .unit_logs.filter(({ level }) => level === 'Error')
        .map(({ text }) => text)
        .join(', ')}`;
      await until(isObeyed, { timeoutMs: 15_000, what }).catch((late: unknown) => {
        if (attempt === 4) throw late;
      });
    }
  };
  const started = () => unit.told.filter((news) => 'started' in news);
  return { unit, row, folder, logged, isOnline, command, started, versionOf };
};

const setUp = async () => {
  const live = await createLiveUnit({ mqtt: { spreadMs: 0 } }, { DELAY: 1 });
  onTestFinished(() => live.stop());
  const { operator } = live.instance;
  const control = memoryProcessControl();
  const client = live.another({ adapters: { process: control } });
  const got: string[] = [];
  client.setMqttInputHandler((_, message) => {
    if (message.key === 'input/pepeunit') got.push(message.text());
  });
  await client.ready();
  const neighbour = await createNeighbour(live);
  await neighbour.isOnline(1);
  await operator.createEdge(nodeOf(neighbour.row, 'Output'), nodeOf(live.row, 'Input'));
  await operator.createEdge(nodeOf(live.row, 'Output'), nodeOf(neighbour.row, 'Input'));
  const ours = () => operator.logList(live.row.uuid, { limit: 500 }).unit_logs.map(({ text }) => text);
  return { live, operator, control, client, got, neighbour, ours };
};

describeWithNeighbour('beside the official Python client on one instance', () => {
  test('both obey every command, hear each other, and read what the other has written', async () => {
    const { live, operator, control, client, got, neighbour, ours } = await setUp();
    const { unit, row } = neighbour;
    const command = (name: 'SchemaUpdate' | 'EnvUpdate' | 'LogSync' | 'Update' | 'Reset') =>
      operator.sendCommand(live.row.uuid, name);

    await command('SchemaUpdate');
    await until(() => client.schema.inputTopic['input/pepeunit']?.length === 2, { what: 'our new schema' });
    await neighbour.command('SchemaUpdate', () => neighbour.logged('Success update schema') > 0);

    unit.order({ publish: 'привет 🔥' });
    await until(() => got.includes('привет 🔥'), { what: "the neighbour's message" });
    expect(await client.publishToTopics('output/pepeunit', 'и тебе 🌊')).toBe(true);
    await until(() => unit.told.some((news) => news['got'] === 'и тебе 🌊'), { what: 'our message' });

    for (const uuid of [live.row.uuid, row.uuid]) await operator.setEnv(uuid, { DELAY: 7, PU_ENCRYPT_KEY: key });
    await command('EnvUpdate');
    await until(() => client.settings['DELAY'] === 7, { what: 'our new env' });
    await neighbour.command('EnvUpdate', () => neighbour.logged('Success update env') > 0);
    expect(await unit.ask({ setting: 'DELAY' }, 'setting')).toBe(7);

    const theirs = await unit.ask({ encode: 'тайна 🔑' }, 'encoded');
    expect(await client.cipher.aesGcmDecode(theirs as string, client.settings.PU_ENCRYPT_KEY)).toBe('тайна 🔑');
    const sealed = await client.cipher.aesGcmEncode('ответ 🗝', client.settings.PU_ENCRYPT_KEY);
    expect(await unit.ask({ decode: sealed }, 'decoded')).toBe('ответ 🗝');

    await command('LogSync');
    await until(() => ours().some((text) => text.startsWith('Stored log sent')), { what: 'our log' });
    await neighbour.command('LogSync', () => neighbour.logged('Log sync completed') > 0);
    expect(ours()).toContain('Settings loaded');
    expect(neighbour.logged('Resubscribed')).toBe(1);

    const theirLog: unknown[] = [];
    for await (const entry of client.fileManager.iterNdjson(join(neighbour.folder, 'log.json'))) theirLog.push(entry);
    expect(theirLog).toContainEqual(expect.objectContaining({ level: 'Info', text: 'Success update env' }));
    const theirEnv = parseEnv(await client.fileManager.readJson(join(neighbour.folder, 'env.json')));
    expect(theirEnv).toMatchObject({ unitUuid: row.uuid, given: { DELAY: 7 }, defaulted: [] });
    await client.logger.getFullLog();
    const read = { env: live.path('env.json'), log: live.path('log.json') };
    unit.order({ read });
    const seen = await until(() => unit.told.find((news) => 'uuid' in news), { what: 'our files' });
    expect(seen['uuid']).toBe(live.row.uuid);
    expect(seen['texts']).toContain('Settings loaded');

    const commit = (await operator.addVersion(row.uuid, { folder: await neighbour.versionOf(2) })).commit;
    await neighbour.command('Update', () => neighbour.started().at(-1)?.['started'] === 2);
    const ourCommit = await live.addVersion('version 2');
    const finished = new Promise((done) => client.on('updateFinished', done));
    await command('Update');
    await finished;
    expect(await live.read('program.txt')).toBe('version 2');
    expect(JSON.parse(await live.read('env.json'))).toMatchObject({ PU_COMMIT_VERSION: ourCommit });
    expect(JSON.parse(await readFile(join(neighbour.folder, 'env.json'), 'utf8'))).toMatchObject({
      PU_COMMIT_VERSION: commit,
    });
    await neighbour.isOnline(2);

    await command('Reset');
    await operator.sendCommand(row.uuid, 'Reset');
    await until(() => control.restarts.length === 1, { what: 'our restart' });
    await until(() => neighbour.started().length === 3, { what: "the neighbour's restart" });
    const reset = 'Reset command received, restarting program';
    await until(() => ours().includes(reset), { what: 'our row of it' });
    expect(await readFile(join(neighbour.folder, 'log.json'), 'utf8')).toContain(reset);
  });
});

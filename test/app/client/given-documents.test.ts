import { IDBFactory } from 'fake-indexeddb';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test, vi } from 'vitest';
import { PepeunitClient as BrowserClient } from '../../../app/browser.ts';
import { PepeunitClient, type DocumentOptions, type PepeunitClientOptions } from '../../../app/node.ts';
import { memoryLogSink, createTestUnit } from '../../../app/testing.ts';
import { StorageError } from '../../../services/errors.ts';
import type { JsonObject } from '../../../services/json.ts';
import { envDocument, schemaDocument, tokenOf, unitUuid } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { sendJson, startHttpServer, type Answer } from '../../support/http-server.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

/** A program in a folder, which is started again and again with documents of its own. */
const createProgram = async (options: Partial<PepeunitClientOptions> = {}) => {
  const folder = join(await temporaryFolder(), 'unit');
  const shown = memoryLogSink();
  const start = (documents: DocumentOptions) => {
    const client = new PepeunitClient({
      envFilePath: join(folder, 'env.json'),
      schemaFilePath: join(folder, 'schema.json'),
      logFilePath: join(folder, 'log.json'),
      restartMode: 'no_restart',
      mqtt: { spreadMs: 0 },
      adapters: { console: shown },
      documents,
      ...options,
    });
    onTestFinished(() => client.stopMainCycle());
    return client;
  };
  const read = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as JsonObject;
  const warnings = () => shown.entries.filter(({ level }) => level === 'Warning').map(({ text }) => text);
  return { folder, start, read, warnings };
};

/** A unit on an instance, and its documents as an operator downloads them. */
const createUnit = async () => {
  const live = await createLiveUnit({}, { DELAY: 1 });
  onTestFinished(() => live.stop());
  const env = JSON.parse(await live.read('env.json')) as JsonObject;
  const schema = JSON.parse(await live.read('schema.json')) as JsonObject;
  return { ...live, env, schema };
};

const startServer = async (answer: Answer) => {
  const server = await startHttpServer(answer);
  onTestFinished(() => server.stop());
  return server;
};

test('a unit without files starts from objects, and is readable right after the constructor', async () => {
  const { env, schema, instance, row } = await createUnit();
  const { folder, start, read } = await createProgram();
  const given = { ...env, ДАТЧИК: '🔥' };
  const client = start({ env: given, schema });
  Object.assign(given, { PU_AUTH_TOKEN: 'changed later' });
  expect(client.settings['ДАТЧИК']).toBe('🔥');
  expect(Object.keys(client.schema.outputTopic)).toEqual(['output/pepeunit']);
  await client.ready();
  await until(() => instance.operator.getUnit(row.uuid).unit_state !== null);
  expect(await read('env.json')).toEqual({ ...env, ДАТЧИК: '🔥' });
  expect(await read('schema.json')).toEqual(schema);
  for (const name of ['env.json', '.pepeunit/given-env.json']) {
    expect(((await stat(join(folder, name))).mode & 0o777).toString(8), name).toBe('600');
  }
});

test('what the instance sends stays in force after a restart, until another document is given', async () => {
  const { env, schema, instance, row } = await createUnit();
  const { start, read } = await createProgram();
  const first = start({ env, schema });
  await first.ready();
  await instance.operator.setEnv(row.uuid, { DELAY: 7 });
  await instance.operator.sendCommand(row.uuid, 'EnvUpdate');
  await until(() => first.settings['DELAY'] === 7, { what: 'the new env' });
  await first.stopMainCycle();

  const reordered = Object.fromEntries(Object.entries(env).toReversed());
  const second = start({ env: reordered, schema });
  expect(second.settings['DELAY'], 'right after the constructor').toBe(7);
  await second.ready();
  expect(second.settings['DELAY']).toBe(7);
  await second.stopMainCycle();

  const third = start({ env: { ...env, OTHER: 1 }, schema });
  expect(third.settings['OTHER'], 'right after the constructor').toBe(1);
  await third.ready();
  expect([third.settings['DELAY'], third.settings['OTHER']]).toEqual([1, 1]);
  expect(await read('env.json')).toEqual({ ...env, OTHER: 1 });
});

test('an update stays in place with its version, whatever else of the env is given anew (U2)', async () => {
  const { env, schema, instance, row, addVersion } = await createUnit();
  const { folder, start } = await createProgram();
  const first = start({ env, schema });
  await first.ready();
  const commit = await addVersion('version 2');
  const finished = new Promise((resolve) => first.on('updateFinished', resolve));
  await instance.operator.sendCommand(row.uuid, 'Update');
  await finished;
  await first.stopMainCycle();
  for (const more of [{}, { OTHER: 1 }]) {
    const next = start({ env: { ...env, ...more }, schema });
    await next.ready();
    expect(next.settings.PU_COMMIT_VERSION).toBe(commit);
    await next.stopMainCycle();
  }
  expect(await readFile(join(folder, 'program.txt'), 'utf8')).toBe('version 2');
  const another = start({ env: { ...env, PU_COMMIT_VERSION: 'of another image' }, schema });
  await another.settings.loadFromFile();
  expect(another.settings.PU_COMMIT_VERSION).toBe('of another image');
});

test('documents at addresses are downloaded without a token, and what is in place stands in for a dead server', async () => {
  const { env, schema } = await createUnit();
  let isDead = false;
  const server = await startServer(({ url }, response) => {
    if (isDead) return sendJson(response, { detail: 'away' }, 503);
    return sendJson(response, url.startsWith('/env') ? env : schema);
  });
  const { start, warnings } = await createProgram();
  const documents = {
    env: `${server.origin}/env.json?key=canary-in-query`,
    schema: new URL(`${server.origin}/schema`),
  };
  const first = start(documents);
  expect(first.settings.unitUuid, 'not before the start').toBe('');
  await first.ready();
  await first.stopMainCycle();
  isDead = true;
  const second = start(documents);
  await second.ready();
  await second.settings.loadFromFile();
  expect(server.requests.map(({ url }) => url.split('?')[0])).toEqual(['/env.json', '/schema', '/env.json', '/schema']);
  expect(server.requests.filter(({ headers }) => 'x-auth-token' in headers)).toEqual([]);
  const told = warnings().filter((text) => text.includes('option documents'));
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/The env .*status 503.*env\.json is in force/);
  expect(told.join(' ')).not.toContain('canary-in-query');
});

test.each<[string, Answer, string, RegExp]>([
  ['does not exist', (_, response) => sendJson(response, {}, 404), 'io', /status 404/],
  ['is a page', (_, response) => void response.end('<html>'), 'malformed', /not JSON/],
  ['is a list', (_, response) => sendJson(response, []), 'malformed', /must be a JSON object/],
  ['has no token', (_, response) => sendJson(response, envDocument({ PU_AUTH_TOKEN: '' })), 'invalid', /PU_AUTH_TOKEN/],
  [
    'leaves http',
    (_, response) => void response.writeHead(302, { location: 'ftp://127.0.0.1/env.json' }).end(),
    'io',
    /ftp: is not allowed/,
  ],
])('an env whose address %s is a clear error, and writes nothing', async (_, answer, code, message) => {
  const server = await startServer(answer);
  const { folder, start } = await createProgram();
  const client = start({ env: `${server.origin}/env.json?key=canary-in-query`, schema: schemaDocument() });
  const failure: unknown = await client.ready().catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ name: 'SettingsError', code, message: expect.stringMatching(message) });
  expect(JSON.stringify(failure, Object.getOwnPropertyNames(failure))).not.toContain('canary-in-query');
  expect(await readdir(folder).catch(() => [])).not.toContain('env.json');
});

test('a document may be a file elsewhere, such as a mounted secret', async () => {
  const { env, schema, row } = await createUnit();
  const secrets = await temporaryFolder();
  await writeFile(join(secrets, 'окружение.json'), JSON.stringify(env));
  const { start } = await createProgram();
  const address = pathToFileURL(join(secrets, 'окружение.json'));
  const client = start({ env: address, schema });
  await client.ready();
  expect(client.settings.unitUuid).toBe(row.uuid);
  const lost = start({ env: pathToFileURL(join(secrets, 'none.json')).href, schema: {} });
  await rm(join(secrets, 'окружение.json'));
  await lost.settings.loadFromFile();
  expect(lost.settings.unitUuid, 'the one in place').toBe(row.uuid);
  await expect(lost.schema.updateFromFile()).rejects.toMatchObject({ name: 'SchemaError', code: 'invalid' });
});

test('a given document that can not be used leaves the one in place alone', async () => {
  const { folder, start, read } = await createProgram();
  await mkdir(folder);
  await writeFile(join(folder, 'env.json'), JSON.stringify(envDocument({ MINE: 1 })));
  const client = start({ env: { PU_MQTT_HOST: 'broker' } });
  await expect(client.ready()).rejects.toMatchObject({ name: 'SettingsError', code: 'invalid' });
  expect(await read('env.json')).toEqual(envDocument({ MINE: 1 }));
});

test('on a disk that can not be written the given documents are in force from memory, with a warning each (U17)', async () => {
  const { client, world } = createTestUnit({
    documents: { env: envDocument({ DELAY: 5 }), schema: schemaDocument() },
  });
  world.storage.documents.clear();
  world.storage.failNext('write', new StorageError('io', 'env.json: no space left.'));
  expect(client.settings['DELAY'], 'right after the constructor').toBe(5);
  await client.settings.loadFromFile();
  expect(client.settings['DELAY']).toBe(5);
  expect(world.storage.text('env.json')).toBeUndefined();
  await client.settings.loadFromFile();
  expect(client.settings.unitUuid).toBe(unitUuid);
  const told = world.console.entries.filter(({ text }) => text.includes('option documents'));
  expect(told.map(({ text }) => text)).toEqual([
    "The env of the option documents is in force, and can't be kept: env.json: no space left.",
  ]);
  world.http.documents.env = envDocument({ DELAY: 6 });
  await client.downloadEnv();
  expect(client.settings['DELAY']).toBe(6);
  expect(world.storage.text('env.json')).toContain('"DELAY": 6');
});

test('a unit whose folder can not even be made works on the documents given (U17)', async () => {
  const { env, schema, instance, row } = await createUnit();
  const { folder, start, warnings } = await createProgram();
  await writeFile(folder, 'a file is in the way');
  const client = start({ env, schema });
  await client.ready();
  await until(() => instance.operator.getUnit(row.uuid).unit_state !== null);
  expect(warnings().filter((text) => text.includes('option documents'))).toHaveLength(2);
});

test('a page starts from objects too, and keeps them', async () => {
  vi.stubGlobal('indexedDB', new IDBFactory());
  onTestFinished(() => void vi.unstubAllGlobals());
  const client = new BrowserClient({
    envFilePath: 'given/env.json',
    schemaFilePath: 'given/schema.json',
    logFilePath: 'given/log.json',
    ffConsoleLogEnable: false,
    documents: { env: envDocument({ DELAY: 5 }), schema: schemaDocument() },
  });
  onTestFinished(() => client.stopMainCycle());
  expect(client.settings['DELAY']).toBe(5);
  expect(Object.keys(client.schema.inputTopic)).toEqual(['input/pepeunit']);
  await client.settings.loadFromFile();
  expect(await client.fileManager.readJson('given/env.json')).toEqual(envDocument({ DELAY: 5 }));
});

test.each<[string, unknown]>([
  ['a list', []],
  ['no address', 'env.json'],
  ['another scheme', 'ftp://host/env.json'],
  ['not JSON', { at: 1n }],
  ['a number', 7],
])('documents.env that is %s is an invalid option, told without its value', async (_, env) => {
  const { start } = await createProgram();
  const failure: unknown = await start({ env: env as object })
    .ready()
    .catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ name: 'ClientError', code: 'options' });
  expect(String(failure)).toContain('documents.env is');
  expect(String(failure)).not.toContain(tokenOf());
});

import { appendFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startInstance, type InstanceEvent } from '../../../app/instance/index.ts';
import { until } from '../../support/until.ts';
import { addUnit, api, connectUnit, startTestInstance } from '../../support/instance.ts';
import { temporaryFolder } from '../../support/folder.ts';

const filesUnder = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

describe('an instance', () => {
  it('listens on loopback, on ports of its own (C15)', async () => {
    const [one, two] = [await startTestInstance(), await startTestInstance()];
    const urls = [one, two].flatMap(({ instance }) => [instance.httpUrl, instance.mqttUrl, instance.webSocketUrl]);
    expect(new Set(urls.map((url) => new URL(url).port)).size).toBe(6);
    expect(new Set(urls.map((url) => new URL(url).hostname))).toEqual(new Set(['127.0.0.1']));
    expect(one.instance.domain).toBe(new URL(one.instance.httpUrl).host);
  });

  it('stops once and for all, also with clients connected, and twice does no harm', async () => {
    const { instance, of } = await startTestInstance();
    const unit = await addUnit(instance);
    const links = [
      await connectUnit(instance.mqttUrl, unit.token, { as: 'tcp' }),
      await connectUnit(instance.webSocketUrl, unit.token, { as: 'ws' }),
    ];
    await Promise.all([instance.stop(), instance.stop()]);
    await until(() => links.every((link) => !link.isOpen()));
    await expect(fetch(instance.httpUrl)).rejects.toThrow('fetch failed');
    expect(of('fault')).toEqual([]);
  });

  it('tells units an address that they can reach when it listens on all', async () => {
    const { instance } = await startTestInstance({ host: '0.0.0.0' });
    expect(new URL(instance.httpUrl).hostname).not.toBe('0.0.0.0');
    const unit = await addUnit(instance);
    expect((await api(instance, unit.token)('GET', `/units/${unit.uuid}`)).status).toBe(200);
  });

  it('leaves nothing open when a port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void taken.close());
    const { port } = taken.address() as AddressInfo;
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const mqttPort = (free.address() as AddressInfo).port;
    await new Promise((resolve) => free.close(resolve));
    await expect(startInstance({ mqttPort, httpPort: port })).rejects.toMatchObject({
      name: 'InstanceError',
      code: 'io',
      message: expect.stringContaining(String(port)),
    });
    const { instance } = await startTestInstance({ mqttPort });
    expect(new URL(instance.mqttUrl).port).toBe(String(mqttPort));
  });

  it('tells of a listener that throws, and keeps running', async () => {
    const { instance, of } = await startTestInstance();
    const heard: InstanceEvent['type'][] = [];
    instance.events.on('connect', () => {
      throw new Error('a bad listener');
    });
    const stop = instance.events.subscribe(({ type }) => heard.push(type));
    const unit = await addUnit(instance);
    const link = await connectUnit(instance.mqttUrl, unit.token);
    await until(() => heard.includes('connect'));
    expect(of('fault')).toMatchObject([{ failure: { message: 'a bad listener' } }]);
    stop();
    const before = heard.length;
    await link.client.publishAsync(unit.topic('out/pepeunit'), 'x', { qos: 1 });
    expect(heard).toHaveLength(before);
  });

  it('shows no token in what it tells and answers, except where it was asked for (C1)', async () => {
    const { instance, events } = await startTestInstance();
    const unit = await addUnit(instance);
    await connectUnit(instance.mqttUrl, unit.token);
    await api(instance, `${unit.token}x`)('GET', `/units/${unit.uuid}`);
    await api(instance, unit.token)('GET', `/units/${unit.uuid}`);
    expect(JSON.stringify([events, instance.operator.getUnit(unit.uuid)])).not.toContain(unit.token);
  });
});

describe('a durable instance', () => {
  it('is the same after a stop: ports, tokens, units, edges, logs, values, state storage', async () => {
    const dataDir = await temporaryFolder();
    const first = await startTestInstance({ dataDir });
    const unit = await addUnit(first.instance);
    const other = await addUnit(first.instance, { name: 'other' });
    await first.instance.operator.createEdge(unit.node('out/pepeunit'), other.node('set/pepeunit'));
    await first.instance.operator.setEnv(unit.uuid, { SPEED: 5 });
    await api(first.instance, unit.token)('POST', `/units/set_state_storage/${unit.uuid}`, { state: '\ud800 kept' });
    const link = await connectUnit(first.instance.mqttUrl, unit.token);
    await link.client.publishAsync(unit.topic('log/pepeunit'), '{"level":"Info","text":"kept"}', { qos: 1 });
    await link.client.publishAsync(unit.topic('out/pepeunit'), '21', { qos: 1 });
    await link.client.publishAsync(unit.topic('state/pepeunit'), '{"pu_commit_version":"abc"}', { qos: 1 });
    await until(() => first.of('state').length === 1 && first.of('log').length === 1);
    const picture = async ({ instance: { operator, ...instance } }: typeof first) => ({
      units: operator.listUnits(),
      env: await operator.getEnv(unit.uuid),
      schema: operator.getSchema(other.uuid),
      logs: operator.logList(unit.uuid),
      token: operator.token,
      firmware: await operator.getFirmware(unit.uuid),
      urls: [instance.httpUrl, instance.mqttUrl, instance.webSocketUrl, instance.domain],
    });
    const before = await picture(first);
    expect(before.logs.count).toBe(1);
    expect(JSON.stringify(before.units)).toContain('"state":"21"');
    await first.instance.stop();

    const second = await startTestInstance({ dataDir });
    expect(await picture(second)).toEqual(before);
    const stored = await api(second.instance, unit.token)('GET', `/units/get_state_storage/${unit.uuid}`);
    expect(await stored.text()).toBe(JSON.stringify('\ud800 kept'));
  });

  it('keeps files to its owner alone (C3)', async () => {
    const dataDir = join(await temporaryFolder(), 'data');
    const { instance } = await startTestInstance({ dataDir });
    const unit = await addUnit(instance);
    const link = await connectUnit(instance.mqttUrl, unit.token);
    await link.client.publishAsync(unit.topic('log/pepeunit'), '{"level":"Info","text":"kept"}', { qos: 1 });
    await instance.stop();
    const files = await filesUnder(dataDir);
    expect(files.length).toBeGreaterThan(5);
    for (const file of files) expect([file, (await stat(file)).mode & 0o777]).toEqual([file, 0o600]);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it('drops a log line that a crash has torn, and goes on after it', async () => {
    const dataDir = await temporaryFolder();
    const first = await startTestInstance({ dataDir });
    const unit = await addUnit(first.instance);
    const log = async ({ instance, of }: typeof first, text: string) => {
      const link = await connectUnit(instance.mqttUrl, unit.token);
      await link.client.publishAsync(unit.topic('log/pepeunit'), JSON.stringify({ level: 'Info', text }), { qos: 1 });
      await until(() => of('log').length === 1);
    };
    await log(first, 'one');
    await first.instance.stop();
    await appendFile(join(dataDir, 'logs', `${unit.uuid}.ndjson`), '{"level":"In');
    const second = await startTestInstance({ dataDir });
    await log(second, 'two');
    await second.instance.stop();
    const third = await startTestInstance({ dataDir });
    const texts = third.instance.operator.logList(unit.uuid, { order: 'asc' }).unit_logs.map(({ text }) => text);
    expect(texts).toEqual(['one', 'two']);
  });

  it('takes other ports when those of last time are taken, and says so in the env', async () => {
    const dataDir = await temporaryFolder();
    const first = await startTestInstance({ dataDir });
    const unit = await addUnit(first.instance);
    await first.instance.stop();
    const { port } = new URL(first.instance.mqttUrl);
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(Number(port), '127.0.0.1', resolve));
    onTestFinished(() => void squatter.close());
    const second = await startTestInstance({ dataDir });
    const { PU_MQTT_PORT: told } = await second.instance.operator.getEnv(unit.uuid);
    expect(second.instance.mqttUrl).toBe(`mqtt://127.0.0.1:${told as string}`);
    expect(told).not.toBe(port);
  });

  it('refuses a data folder that holds something else than it wrote, and says which file', async () => {
    const dataDir = await temporaryFolder();
    await writeFile(join(dataDir, 'instance.json'), '{"secret":');
    await expect(startInstance({ dataDir })).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('instance.json'),
    });
  });

  it('has its data folder to itself until it is stopped', async () => {
    const dataDir = await temporaryFolder();
    const { instance } = await startTestInstance({ dataDir });
    await expect(startInstance({ dataDir })).rejects.toMatchObject({
      name: 'InstanceError',
      code: 'taken',
      message: `Another instance uses the folder ${dataDir} (process ${process.pid}). End it, or name another folder.`,
    });
    await instance.stop();
    await expect(startTestInstance({ dataDir })).resolves.toBeDefined();
  });

  it('says which data folder can not be made', async () => {
    const dataDir = join(await temporaryFolder(), 'a file');
    await writeFile(dataDir, '');
    await expect(startInstance({ dataDir })).rejects.toMatchObject({
      code: 'io',
      message: `${dataDir} can't be written. Check the disk and the folder's permissions.`,
    });
  });

  it('answers 500 when nothing can be written, and the next write works again', async () => {
    const dataDir = await temporaryFolder();
    const { instance, of } = await startTestInstance({ dataDir });
    const unit = await addUnit(instance);
    const operator = api(instance, instance.operator.token);
    const [units, aside] = [join(dataDir, 'units'), join(dataDir, 'aside')];
    await rename(units, aside);
    await writeFile(units, 'no folder');
    expect((await operator('PATCH', `/units/env/${unit.uuid}`, { SPEED: 2 })).status).toBe(500);
    expect(of('fault')).toHaveLength(1);
    await rm(units);
    await rename(aside, units);
    expect((await operator('PATCH', `/units/env/${unit.uuid}`, { SPEED: 3 })).status).toBe(204);
  });

  it('never keeps a token on its disk', async () => {
    const dataDir = await temporaryFolder();
    const { instance } = await startTestInstance({ dataDir });
    const unit = await addUnit(instance);
    await instance.stop();
    const contents = await Promise.all((await filesUnder(dataDir)).map((file) => readFile(file, 'utf8')));
    expect(contents.join('\n')).not.toContain(unit.token);
  });
});

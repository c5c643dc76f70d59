import { readFile, writeFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { memoryClockSource } from '../../../adapters/memory/clock-source.ts';
import { memoryWifi } from '../../../adapters/memory/wifi.ts';
import type { LiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';
import type { Rows } from './rows.ts';

const logged = async (client: LiveUnit['client']) =>
  (await client.logger.getFullLog()).map(({ level, text }) => [level, text]);

export const loggerRows: Rows = {
  debug: async ({ client }) => {
    client.logger.debug('x');
    expect(await logged(client)).toEqual([['Debug', 'x']]);
  },
  info: async ({ client }) => {
    client.logger.info('x', { fileOnly: true });
    expect(await logged(client)).toEqual([['Info', 'x']]);
  },
  warning: async ({ client }) => {
    client.logger.warning('x');
    expect(await logged(client)).toEqual([['Warning', 'x']]);
  },
  error: async ({ client }) => {
    client.logger.error('x');
    expect(await logged(client)).toEqual([['Error', 'x']]);
  },
  critical: async ({ client, instance, row }) => {
    await client.ready();
    client.logger.critical('it burns');
    const texts = () => instance.operator.logList(row.uuid).unit_logs.map(({ text }) => text);
    await until(() => texts().includes('it burns'));
  },
  enable: async ({ client }) => {
    await client.ready();
    client.logger.disable('file');
    client.logger.enable('file');
    client.logger.warning('x');
    expect(await logged(client)).toContainEqual(['Warning', 'x']);
  },
  disable: async ({ client }) => {
    await client.ready();
    client.logger.disable('file');
    client.logger.warning('x');
    expect(await logged(client)).not.toContainEqual(['Warning', 'x']);
  },
  syncLogsToMqtt: async ({ client, instance, row }) => {
    for (const text of ['first', 'second']) client.logger.info(text, { fileOnly: true });
    await client.ready();
    expect(await client.logger.syncLogsToMqtt()).toBeGreaterThanOrEqual(2);
    const texts = () => instance.operator.logList(row.uuid).unit_logs.map(({ text }) => text);
    await until(() => texts().includes('first') && texts().includes('second'));
  },
  resetLog: async ({ client }) => {
    client.logger.info('x');
    await client.logger.resetLog();
    expect(await client.logger.getFullLog()).toEqual([]);
  },
  lines: async ({ client }) => {
    for (const text of ['first', 'second']) client.logger.info(text);
    const texts: unknown[] = [];
    for await (const { text } of client.logger.lines()) texts.push(text);
    expect(texts).toEqual(['first', 'second']);
  },
  getFullLog: async ({ client, path }) => {
    client.logger.info('x');
    const [entry] = await client.logger.getFullLog();
    await until(async () => (await readFile(path('log.json'), 'utf8').catch(() => '')) !== '');
    expect(JSON.parse(await readFile(path('log.json'), 'utf8'))).toEqual(entry);
  },
};

export const timeManagerRows: Rows = {
  syncEpochMsFromNtp: async ({ another }) => {
    const clockSource = memoryClockSource(1_000_000_000_000);
    const client = another({ adapters: { clockSource } });
    const synced = await client.timeManager.syncEpochMsFromNtp();
    expect(synced).toBeGreaterThanOrEqual(1_000_000_000_000);
    expect(synced).toBeLessThan(1_100_000_000_000);
    expect(client.timeManager.getEpochMs()).toBeGreaterThanOrEqual(Number(synced));
  },
  getEpochMs: ({ client }) => {
    expect(Math.abs(client.timeManager.getEpochMs() - Date.now())).toBeLessThan(60_000);
  },
};

const wireless = async (live: LiveUnit, ssid = 'home') => {
  const { operator } = live.instance;
  await operator.setEnv(live.row.uuid, { PUC_WIFI_SSID: 'home', PUC_WIFI_PASS: 'secret password' });
  await writeFile(live.path('env.json'), JSON.stringify(await operator.getEnv(live.row.uuid)));
  const wifi = memoryWifi({ networks: { [ssid]: 'secret password' } });
  return live.another({ adapters: { wifi }, ffWifiManagerEnable: true });
};

export const wifiManagerRows: Rows = {
  getSta: ({ client }) => {
    expect(client.wifiManager.getSta().station).toBeTypeOf('string');
  },
  isConnected: async (live) => {
    const client = await wireless(live);
    expect(await client.wifiManager.isConnected()).toBe(false);
    await client.ready();
    expect(await client.wifiManager.isConnected()).toBe(true);
  },
  isWifiLinked: async (live) => {
    expect(await (await wireless(live)).wifiManager.isWifiLinked()).toBe(false);
  },
  scanHasTargetSsid: async (live) => {
    expect(await (await wireless(live)).wifiManager.scanHasTargetSsid()).toBe(true);
    expect(await (await wireless(live, 'elsewhere')).wifiManager.scanHasTargetSsid()).toBe(false);
  },
  connectionState: async (live) => {
    const client = await wireless(live);
    expect(client.wifiManager.connectionState).toBe('idle');
    await client.wifiManager.connectForever();
    expect(client.wifiManager.connectionState).toBe('connected');
  },
  connectOnce: async (live) => {
    expect(await (await wireless(live)).wifiManager.connectOnce({ timeoutMs: 1000 })).toBe(true);
    expect(await (await wireless(live, 'elsewhere')).wifiManager.connectOnce({ timeoutMs: 1000 })).toBe(false);
  },
  connectForever: async (live) => {
    const client = await wireless(live);
    await client.wifiManager.connectForever();
    expect(await client.wifiManager.isConnected()).toBe(true);
  },
  ensureConnected: async (live) => {
    const client = await wireless(live);
    await client.wifiManager.ensureConnected();
    await client.wifiManager.ensureConnected();
    expect(await client.wifiManager.isWifiLinked()).toBe(true);
  },
};

export const cipherRows: Rows = {
  aesGcmEncode: async ({ client }) => {
    const key = Buffer.alloc(32).toString('base64');
    expect(await client.cipher.aesGcmEncode('x', key)).not.toBe(await client.cipher.aesGcmEncode('x', key));
  },
  aesGcmDecode: async ({ client }) => {
    const sealed = [Buffer.alloc(12), Buffer.from('afc52354109ef65a2f5ccbb3f052097814df3c', 'hex')];
    const text = sealed.map((part) => part.toString('base64')).join('.');
    expect(await client.cipher.aesGcmDecode(text, Buffer.alloc(32).toString('base64'))).toBe('abc');
  },
};

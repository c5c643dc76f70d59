import { describe, expect, test, vi } from 'vitest';
import { memoryStorage } from '../../adapters/memory/storage.ts';
import { brokerAddressOf, storedLastLink, type BrokerAddress } from '../../services/last-link.ts';
import type { JsonObject } from '../../services/json.ts';

const path = '.pepeunit/link.json';
const plain = { scheme: 'mqtt', host: 'broker.example', port: 1883 } as const;

describe('the address in a URL', () => {
  test.each<[string, BrokerAddress | undefined]>([
    ['mqtt://broker.example', plain],
    ['mqtts://broker.example', { scheme: 'mqtts', host: 'broker.example', port: 8883 }],
    ['mqtt://[::1]:1884', { scheme: 'mqtt', host: '::1', port: 1884 }],
    ['ws://broker.example', { scheme: 'ws', host: 'broker.example', port: 80, path: '/' }],
    ['wss://broker.example:8084/mqtt', { scheme: 'wss', host: 'broker.example', port: 8084, path: '/mqtt' }],
    ['http://broker.example', undefined],
    ['mqtt://', undefined],
    ['nonsense', undefined],
  ])('%s', (url, address) => {
    expect(brokerAddressOf(url)).toEqual(address);
  });

  test('no secret of the URL or of the TLS options is in it (C1)', () => {
    const address = brokerAddressOf('wss://canary:canary@broker.example/mqtt?token=canary#canary', {
      ca: 'authority',
      cert: 'own',
      key: 'canary',
      serverName: 'name.example',
    });
    expect(JSON.stringify(address)).not.toContain('canary');
    expect(address).toMatchObject({ ca: ['authority'], serverName: 'name.example' });
  });
});

describe('the last link', () => {
  test.each<BrokerAddress>([
    plain,
    { scheme: 'wss', host: 'брокер.рф', port: 443, path: '/mqtt', ca: ['one', 'two'], serverName: 'name.example' },
  ])('is read back as it was kept', async (address) => {
    const storage = memoryStorage();
    await storedLastLink(storage, path).keep(address);
    expect(await storedLastLink(storage, path).read()).toEqual(address);
  });

  test('is written when it changed, and only then', async () => {
    const storage = memoryStorage();
    const write = vi.spyOn(storage, 'writeJson');
    const lastLink = storedLastLink(storage, path);
    await lastLink.keep(plain);
    await lastLink.keep({ ...plain });
    await storedLastLink(storage, path).keep(plain);
    expect(write).toHaveBeenCalledTimes(1);
    await lastLink.keep({ ...plain, port: 1884 });
    expect(write).toHaveBeenCalledTimes(2);
  });

  test('a disk that fails costs nothing, and the next link tries again', async () => {
    const storage = memoryStorage();
    const lastLink = storedLastLink(storage, path);
    vi.spyOn(storage, 'writeJson').mockRejectedValueOnce(new Error('the disk is full'));
    await lastLink.keep(plain);
    expect(await lastLink.read()).toBeUndefined();
    await lastLink.keep(plain);
    expect(await lastLink.read()).toEqual(plain);
    vi.spyOn(storage, 'readJson').mockRejectedValueOnce(new Error('the disk is broken'));
    expect(await lastLink.read()).toBeUndefined();
  });

  test.each<[string, JsonObject]>([
    ['no record', {}],
    ['a later format', { format: 2, ...plain }],
    ['another scheme', { format: 1, ...plain, scheme: 'file' }],
    ['no host', { format: 1, ...plain, host: '' }],
    ['a host without end', { format: 1, ...plain, host: 'a'.repeat(2000) }],
    ['no port', { format: 1, ...plain, port: '1883' }],
    ['a path that is a header', { format: 1, ...plain, path: '/ HTTP/1.1\r\nX: y' }],
    ['authorities that are none', { format: 1, ...plain, ca: [1] }],
    ['a name that is none', { format: 1, ...plain, serverName: 1 }],
  ])('%s in its place is no link (C7, C8)', async (_name, document) => {
    expect(await storedLastLink(memoryStorage({ [path]: document }), path).read()).toBeUndefined();
  });
});

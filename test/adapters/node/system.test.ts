import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { defaultRouteOf, nameServerOf, nodeSystem } from '../../../adapters/node/system.ts';
import { systemContract } from '../../contracts/system.ts';

systemContract('Node', async () => nodeSystem());

afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

/** Lets Node tell this speed of each processor, MHz; that of a real one changes from look to look. */
const withSpeed = (speed: number) => {
  const times = { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 };
  vi.spyOn(os, 'cpus').mockReturnValue([{ model: 'a processor', speed, times }]);
  syncBuiltinESMExports();
};

/** A host that tells its processor alone. */
const cpuInfo = async (path: string): Promise<string> =>
  path === '/proc/cpuinfo' ? 'processor\t: 0\ncpu MHz\t\t: 2445.404\n' : '';

/** A board that tells its frequency in sysfs alone, in kHz. */
const board = async (path: string): Promise<string> =>
  path.startsWith('/sys/') ? '1500000\n' : 'BogoMIPS\t: 108.00\n';

const unreadable = () => Promise.reject(new Error('not on this host'));

test('memory is in bytes, and that of this program and host', async () => {
  const { mem_free = 0, mem_alloc = 0 } = await nodeSystem().measure();
  expect(mem_free).toBeGreaterThan(1_000_000);
  expect(mem_free).toBeLessThanOrEqual(os.totalmem());
  expect(mem_alloc).toBeGreaterThan(10_000_000);
  expect(mem_alloc).toBeLessThan(os.totalmem());
});

test('statvfs is of the path that it was given', async () => {
  const { statvfs = [] } = await nodeSystem({ path: os.tmpdir() }).measure();
  expect(statvfs[0]).toBe(statvfs[1]);
  expect(statvfs[2]).toBeGreaterThan(0);
});

test('two units in folders of their own share the figures of the host, and each has its file system', async () => {
  const [one, other] = await Promise.all([os.tmpdir(), '/no/such/path'].map((path) => nodeSystem({ path }).measure()));
  expect(one).toHaveProperty('statvfs');
  expect(other).not.toHaveProperty('statvfs');
  expect({ ...one, statvfs: undefined }).toEqual({ ...other, statvfs: undefined });
});

test('the frequency is in Hz, from cpuinfo where Node does not know it', async () => {
  withSpeed(3100);
  expect((await nodeSystem({ readText: cpuInfo }).measure()).freq).toBe(3_100_000_000);
  withSpeed(0);
  expect((await nodeSystem({ readText: cpuInfo }).measure()).freq).toBe(2_445_404_000);
});

test('the frequency is in Hz, from sysfs on boards where nothing else tells it (P1)', async () => {
  withSpeed(0);
  expect((await nodeSystem({ readText: board }).measure()).freq).toBe(1_500_000_000);
  const silent = await nodeSystem({ readText: async () => 'BogoMIPS\t: 108.00\n' }).measure();
  expect(silent).not.toHaveProperty('freq');
});

test('one figure that fails leaves the others', async () => {
  const metrics = await nodeSystem({ path: '/no/such/path', readText: unreadable }).measure();
  expect(metrics).not.toHaveProperty('statvfs');
  expect(metrics.mem_alloc).toBeGreaterThan(0);
});

test('without a route or a resolver their addresses are 0.0.0.0', async () => {
  const { ifconfig } = await nodeSystem({ readText: unreadable }).measure();
  const outer = Object.values(os.networkInterfaces())
    .flatMap((all) => all ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  expect(ifconfig).toEqual(outer && [outer.address, outer.netmask, '0.0.0.0', '0.0.0.0']);
});

test('the host is measured once in a second, for all who ask', async () => {
  const read: string[] = [];
  const readText = async (path: string) => {
    read.push(path);
    return '';
  };
  const system = nodeSystem({ readText });
  const [one, other] = await Promise.all([system.measure(), system.measure()]);
  const reads = read.length;
  expect(reads).toBe(new Set(read).size);
  expect(one).toEqual(other);
  expect(one.ifconfig === undefined || one.ifconfig !== other.ifconfig).toBe(true);
  await system.measure();
  expect(read).toHaveLength(reads);
  vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 1000);
  await system.measure();
  expect(read).toHaveLength(2 * reads);
});

test('a route over an interface that has no address gives no ifconfig', async () => {
  const table = routes('tun9\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0');
  expect(await nodeSystem({ readText: () => Promise.resolve(table) }).measure()).not.toHaveProperty('ifconfig');
});

const routes = (...lines: readonly string[]): string =>
  ['Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT', ...lines, ''].join('\n');

describe('the default route', () => {
  test('is the one that is up and of least metric', () => {
    const table = routes(
      'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
      'wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0',
      'eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
      'eth1\t00000000\t010300C0\t0002\t0\t0\t0\t00000000\t0\t0\t0',
      'vpn0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0',
    );
    expect(defaultRouteOf(table)).toEqual({ device: 'eth0', gateway: '192.0.2.1' });
  });

  test('may be none', () => {
    expect(defaultRouteOf(routes())).toBeUndefined();
    expect(defaultRouteOf('')).toBeUndefined();
  });
});

test.each([
  ['nameserver 192.0.2.53\n', '192.0.2.53'],
  [
    '# nameserver 1.2.3.4\nsearch home\nnameserver fe80::1\nnameserver\t192.0.2.53 # local\nnameserver 8.8.8.8',
    '192.0.2.53',
  ],
  ['options edns0', undefined],
  ['', undefined],
])('the name server of %j', (text, server) => {
  expect(nameServerOf(text)).toBe(server);
});

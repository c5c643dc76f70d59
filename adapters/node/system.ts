import { readFile, statfs } from 'node:fs/promises';
import * as os from 'node:os';
import type { System, SystemMetrics } from '../../services/system.ts';

/** Options of the Node system metrics. */
export interface NodeSystemOptions {
  /** A path on the file system to report. @defaultValue the working directory */
  readonly path?: string;
  /** Reads the kernel's small text files. @defaultValue the host's own */
  readonly readText?: (path: string) => Promise<string>;
}

/** A default route of the host. */
export interface DefaultRoute {
  readonly device: string;
  /** `0.0.0.0` for a direct route. */
  readonly gateway: string;
}

const isUp = 1;

/** Turns the kernel's hexadecimal address, lowest byte first, into dotted form. */
const dotted = (hex: string): string => [6, 4, 2, 0].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');

/** Finds the default route of lowest metric in the text of `/proc/net/route`; `undefined` if there is none. */
export const defaultRouteOf = (table: string): DefaultRoute | undefined =>
  table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, destination, , flags, , , , mask]) =>
        destination === '00000000' && mask === '00000000' && (Number.parseInt(flags ?? '0', 16) & isUp) === isUp,
    )
    .map(([device = '', , gateway = '', , , , metric]) => ({
      device,
      gateway: dotted(gateway),
      metric: Number(metric),
    }))
    .toSorted((a, b) => a.metric - b.metric)
    .map(({ device, gateway }) => ({ device, gateway }))[0];

/** Finds the first IPv4 name server in the text of `/etc/resolv.conf`; `undefined` if there is none. */
export const nameServerOf = (configuration: string): string | undefined =>
  /^[ \t]*nameserver[ \t]+(\d{1,3}(?:\.\d{1,3}){3})(?:\s|$)/m.exec(configuration)?.[1];

type ReadText = NonNullable<NodeSystemOptions['readText']>;

/** Placeholder of MicroPython and the platform for an unknown address. */
const unknownAddress = '0.0.0.0';

const megahertz = 1_000_000;
const kilohertz = 1000;

/** The metric; `undefined` if the host has none. */
const tried = async <T>(measure: () => T | undefined | Promise<T | undefined>): Promise<T | undefined> => {
  try {
    return await measure();
  } catch {
    return undefined;
  }
};

/** CPU frequency in Hz, from the first source that has it: cpuinfo on x86, sysfs on most boards. */
const frequencies: readonly ((readText: ReadText) => number | Promise<number>)[] = [
  () => (os.cpus()[0]?.speed ?? 0) * megahertz,
  async (readText) => Number(await readText('/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq')) * kilohertz,
  async (readText) => Number(/^cpu MHz\s*:\s*([\d.]+)/m.exec(await readText('/proc/cpuinfo'))?.[1]) * megahertz,
];

const frequency = async (readText: ReadText): Promise<number | undefined> => {
  for (const read of frequencies) {
    const hertz = Math.round((await tried(() => read(readText))) ?? 0);
    if (hertz > 0) return hertz;
  }
  return undefined;
};

/**
 * The ten numbers of statvfs(3). Node lacks the fragment size (the block size is used), the flags and the longest name
 * (both 0).
 */
const fileSystem = async (path: string): Promise<number[]> => {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  return [bsize, bsize, blocks, bfree, bavail, files, ffree, ffree, 0, 0];
};

const isOuterIpv4 = ({ family, internal }: os.NetworkInterfaceInfo): boolean => family === 'IPv4' && !internal;

const network = async (readText: ReadText): Promise<string[] | undefined> => {
  const route = await tried(async () => defaultRouteOf(await readText('/proc/net/route')));
  const interfaces = os.networkInterfaces();
  const candidates = route ? (interfaces[route.device] ?? []) : Object.values(interfaces).flatMap((all) => all ?? []);
  const found = candidates.find(isOuterIpv4);
  if (!found) return undefined;
  const dns = await tried(async () => nameServerOf(await readText('/etc/resolv.conf')));
  return [found.address, found.netmask, route?.gateway ?? unknownAddress, dns ?? unknownAddress];
};

const known = (metrics: { [K in keyof SystemMetrics]: SystemMetrics[K] | undefined }): SystemMetrics =>
  Object.fromEntries(Object.entries(metrics).filter(([, value]) => value !== undefined));

/** What is the same for all units of the process. */
const hostMetrics = async (readText: ReadText) => ({
  mem_free: await tried(() => process.availableMemory()),
  mem_alloc: await tried(() => process.memoryUsage.rss()),
  freq: await tried(() => frequency(readText)),
  ifconfig: await tried(() => network(readText)),
});

/** How long the metrics of the host stand, milliseconds. */
const standsForMs = 1000;

/** Creates a measurement of the host that is shared by all who ask for it during it, or within a second after it began. */
const createHost = (readText: ReadText) => {
  let begunMs = -Infinity;
  let newest: ReturnType<typeof hostMetrics>;
  return () => {
    const now = performance.now();
    if (now - begunMs < standsForMs) return newest;
    begunMs = now;
    return (newest = hostMetrics(readText));
  };
};

const ownHost = createHost((file) => readFile(file, 'utf8'));

/**
 * Measures the host through Node and Linux's `/proc`, without other programs.
 *
 * `mem_free` is the memory that the program may still take, within its container's limit. `mem_alloc` is its resident
 * memory. `ifconfig` describes the interface with the default route, or the first external one if the routes are
 * unreadable; an unknown gateway or DNS server is `0.0.0.0`. All but `statvfs` is measured once a second at most, for all
 * units of the process.
 */
export const nodeSystem = ({ path = '.', readText }: NodeSystemOptions = {}): System => {
  const host = readText ? createHost(readText) : ownHost;
  return {
    measure: async () => {
      const [{ mem_free, mem_alloc, freq, ifconfig }, statvfs] = await Promise.all([
        host(),
        tried(() => fileSystem(path)),
      ]);
      return known({ mem_free, mem_alloc, freq, statvfs, ifconfig: ifconfig && [...ifconfig] });
    },
  };
};

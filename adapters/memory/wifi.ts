import type { Clock } from '../../services/clock.ts';
import { WifiError } from '../../services/errors.ts';
import type { Wifi, WifiStatus } from '../../services/wifi.ts';
import { delay, systemClock } from '../shared/clock.ts';
import { createFailures } from './failures.ts';

/** Options of the simulated radio. */
export interface MemoryWifiOptions {
  /** Passwords of the networks in reach, by SSID. @defaultValue none in reach */
  readonly networks?: Readonly<Record<string, string>>;
  /** The initial network. */
  readonly linkedTo?: string;
  /** Duration of joining, in milliseconds of `clock`. @defaultValue 0 */
  readonly joinMs?: number;
  /** @defaultValue the host's */
  readonly clock?: Clock;
}

/** A simulated radio, controlled by a test. */
export interface MemoryWifi extends Wifi {
  /** Puts a network into reach, or changes its password. */
  appear(ssid: string, password: string): void;
  /** Takes a network out of reach; ends a link to it. */
  vanish(ssid: string): void;
  /** Ends the link; the network stays in reach. */
  drop(): void;
  /** Links the station to this network, as if another program joined it. */
  roam(ssid: string): void;
  /** Fails the next call of this operation with this error. */
  failNext(operation: 'status' | 'scan' | 'join' | 'leave', error: Error): void;
  /** The SSID of each attempt to join, oldest first. */
  readonly joins: readonly string[];
}

const aborted = () => new WifiError('timeout', 'The simulated radio was stopped.');

/** Waits for the duration of joining. */
const pass = async (clock: Clock, ms: number, signal: AbortSignal): Promise<void> => {
  if (signal.aborted) throw aborted();
  if (ms > 0) await delay(clock, ms, signal).catch(() => Promise.reject(aborted()));
};

/** The station's link and its watchers. */
const stationLink = (first: string | undefined) => {
  const watchers = new Set<(status: WifiStatus) => void>();
  let ssid = first;
  const status = (): WifiStatus => (ssid === undefined ? { linked: false } : { linked: true, ssid });
  return {
    status,
    set: (next: string | undefined) => {
      if (next === ssid) return;
      ssid = next;
      for (const watcher of watchers) watcher(status());
    },
    watch: (onStatus: (status: WifiStatus) => void) => {
      const watcher = (now: WifiStatus) => onStatus(now);
      watchers.add(watcher);
      return () => void watchers.delete(watcher);
    },
  };
};

/**
 * Creates a radio with simulated networks around it.
 *
 * @example
 * import { memoryWifi } from 'pepeunit-client/testing';
 *
 * const wifi = memoryWifi({ networks: { home: 'password' } });
 * await wifi.join('home', 'password', AbortSignal.timeout(100));
 * wifi.vanish('home');
 */
export const memoryWifi = (options: MemoryWifiOptions = {}): MemoryWifi => {
  const { networks = {}, linkedTo, joinMs = 0, clock = systemClock() } = options;
  const inReach = new Map(Object.entries(networks));
  const link = stationLink(linkedTo);
  const failing = createFailures<'status' | 'scan' | 'join' | 'leave'>();
  const joins: string[] = [];
  return {
    station: 'simulated',
    joins,
    status: async () => {
      failing.check('status');
      return link.status();
    },
    scan: async (signal) => {
      if (signal.aborted) throw aborted();
      failing.check('scan');
      return [...inReach.keys()];
    },
    join: async (ssid, password, signal) => {
      joins.push(ssid);
      await pass(clock, joinMs, signal);
      failing.check('join');
      const wanted = inReach.get(ssid);
      if (wanted === undefined) throw new WifiError('notFound', `The network ${ssid} is not in reach. Move closer.`);
      if (wanted !== password) throw new WifiError('credentials', `The network ${ssid} refuses the password.`);
      link.set(ssid);
    },
    leave: async () => {
      failing.check('leave');
      link.set(undefined);
    },
    watch: link.watch,
    appear: (ssid, password) => void inReach.set(ssid, password),
    vanish: (ssid) => {
      inReach.delete(ssid);
      if (link.status().ssid === ssid) link.set(undefined);
    },
    drop: () => link.set(undefined),
    roam: (ssid) => link.set(ssid),
    failNext: failing.add,
  };
};

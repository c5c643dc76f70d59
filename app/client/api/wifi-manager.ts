import { delay } from '../../../adapters/shared/clock.ts';
import type { UnitEnv } from '../../../services/env.ts';
import type { Clock } from '../../../services/clock.ts';
import { ClientError, WifiError } from '../../../services/errors.ts';
import type { Wifi } from '../../../services/wifi.ts';

/** Options of joining a WiFi network. */
export interface ConnectOptions {
  /** Time limit of one attempt, milliseconds. @defaultValue 10_000 */
  readonly timeoutMs?: number;
}

/** The WiFi station. */
export interface WifiManager {
  /**
   * Returns the station interface.
   *
   * @example
   * const { linked } = await client.wifiManager.getSta().status();
   */
  getSta(): Wifi;
  /**
   * Checks whether the station is linked to the network that env.json names.
   *
   * @example
   * const isConnected = await client.wifiManager.isConnected();
   */
  isConnected(): Promise<boolean>;
  /**
   * Checks whether the station is linked to any network.
   *
   * @example
   * const isLinked = await client.wifiManager.isWifiLinked();
   */
  isWifiLinked(): Promise<boolean>;
  /**
   * Scans for the network that env.json names.
   *
   * @returns Whether it is in reach.
   * @throws {WifiError} The scan failed, or took more than 10 s.
   * @example
   * const isInReach = await unit.client.wifiManager.scanHasTargetSsid();
   */
  scanHasTargetSsid(): Promise<boolean>;
  /**
   * Tries once to join the network that env.json names.
   *
   * @param options Time limit, as an object or just as milliseconds.
   * @returns Whether the station is linked now.
   * @example
   * const isLinked = await client.wifiManager.connectOnce({ timeoutMs: 5_000 });
   */
  connectOnce(options?: ConnectOptions | number): Promise<boolean>;
  /**
   * Retries until the station is linked. The delay starts at 5 s and doubles, up to PUC_MAX_RECONNECTION_INTERVAL.
   *
   * @param options Time limit of each attempt, as an object or just as milliseconds.
   * @throws {ClientError} `stopped` when the client is stopped first.
   * @example
   * await client.wifiManager.connectForever();
   */
  connectForever(options?: ConnectOptions | number): Promise<void>;
  /**
   * Connects like {@link WifiManager.connectForever}; does nothing while the station is linked.
   *
   * @throws {ClientError} `stopped` when the client is stopped first.
   * @example
   * await client.wifiManager.ensureConnected();
   */
  ensureConnected(options?: ConnectOptions | number): Promise<void>;
}

export interface WifiManagerParts {
  readonly wifi: Wifi;
  readonly clock: Clock;
  readonly env: () => Promise<UnitEnv>;
  /** Signal that aborts a call when the unit stops. */
  readonly stopSignal: () => AbortSignal;
  /** Computes the delay before the next attempt, milliseconds. */
  readonly retryDelay: (attempts: number, ceilingMs: number) => number;
}

const stopped = (cause: unknown) =>
  new ClientError('stopped', 'The client was stopped before the network was joined. Make a new one.', { cause });

/** Creates a signal that aborts after a time of this clock, or with another signal. */
const deadline = (clock: Clock, ms: number, other: AbortSignal) => {
  const abort = new AbortController();
  const timer = clock.setTimeout(() => {
    abort.abort(new WifiError('timeout', `The network did not answer within ${ms} ms. Check that it is in reach.`));
  }, ms);
  return { signal: AbortSignal.any([abort.signal, other]), [Symbol.dispose]: () => clock.clearTimeout(timer) };
};

export const createWifiManager = ({ wifi, clock, env, stopSignal, retryDelay }: WifiManagerParts): WifiManager => {
  const network = async () => {
    const {
      PUC_WIFI_SSID: ssid,
      PUC_WIFI_PASS: password,
      PUC_MAX_RECONNECTION_INTERVAL: ceilingMs,
    } = (await env()).reserved;
    return { ssid, password, ceilingMs };
  };
  const isConnected = async () => {
    const { linked, ssid } = await wifi.status();
    const wanted = await network();
    return linked && (ssid === undefined || ssid === wanted.ssid);
  };
  const connectOnce = async (options?: ConnectOptions | number) => {
    const { timeoutMs = 10_000 } = typeof options === 'number' ? { timeoutMs: options } : (options ?? {});
    if (await isConnected()) return true;
    const { ssid, password } = await network();
    using limit = deadline(clock, timeoutMs, stopSignal());
    try {
      if ((await wifi.status()).linked) await wifi.leave();
      await wifi.join(ssid, password, limit.signal);
      return true;
    } catch (thrown) {
      if (thrown instanceof WifiError) return false;
      throw thrown;
    }
  };
  const connectForever = async (options?: ConnectOptions | number) => {
    const end = stopSignal();
    for (let attempts = 1; !(await connectOnce(options)); attempts += 1) {
      const { ceilingMs } = await network();
      await delay(clock, retryDelay(attempts, ceilingMs), end).catch((cause: unknown) => {
        throw stopped(cause);
      });
    }
  };
  return {
    getSta: () => wifi,
    isConnected,
    isWifiLinked: async () => (await wifi.status()).linked,
    scanHasTargetSsid: async () => {
      const { ssid } = await network();
      using limit = deadline(clock, 10_000, stopSignal());
      return (await wifi.scan(limit.signal)).includes(ssid);
    },
    connectOnce,
    connectForever,
    ensureConnected: connectForever,
  };
};

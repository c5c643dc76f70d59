import type { UnitEnv } from '../../../services/env.ts';
import type { Clock } from '../../../services/clock.ts';
import { WifiError } from '../../../services/errors.ts';
import { isInReach, statusOf } from '../../../services/wifi-answers.ts';
import type { Wifi } from '../../../services/wifi.ts';
import { createTimeouts } from '../../messaging/timeout.ts';
import { waitForChild, type UnitActor } from '../await-event.ts';

/** Options of joining a WiFi network. */
export interface ConnectOptions {
  /** Time limit of one attempt, milliseconds. @defaultValue 10_000 */
  readonly timeoutMs?: number | undefined;
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
   * What the unit does about the network: `idle` before it is asked to do anything, `connecting`, `connected`, `waiting`
   * before another attempt, or `unmanaged` where the host manages its network itself.
   *
   * @example
   * if (client.wifiManager.connectionState === 'waiting') client.logger.debug('No WiFi yet');
   */
  readonly connectionState: WifiConnectionState;
  /**
   * Has the unit join the network that env.json names, and waits for one attempt. The unit manages the network from then
   * on, and tries again by itself after a failure.
   *
   * @param options Time limit, as an object or just as milliseconds.
   * @returns Whether the station is linked now.
   * @throws {ClientError} `stopped` when the client is stopped first.
   * @example
   * const isLinked = await client.wifiManager.connectOnce({ timeoutMs: 5_000 });
   */
  connectOnce(options?: ConnectOptions | number): Promise<boolean>;
  /**
   * Has the unit join the network that env.json names, and waits until the station is linked, or the host turns out to
   * manage its network itself. The unit retries after 5 s, then later each time, up to PUC_MAX_RECONNECTION_INTERVAL.
   *
   * @throws {ClientError} `stopped` when the client is stopped first.
   * @example
   * await client.wifiManager.connectForever();
   */
  connectForever(): Promise<void>;
  /**
   * Connects like {@link WifiManager.connectForever}; does nothing while the unit is connected.
   *
   * @throws {ClientError} `stopped` when the client is stopped first.
   * @example
   * await client.wifiManager.ensureConnected();
   */
  ensureConnected(): Promise<void>;
}

/** What the unit does about the network. */
export type WifiConnectionState = 'idle' | 'unmanaged' | 'connecting' | 'connected' | 'waiting';

export interface WifiManagerParts {
  readonly wifi: Wifi;
  readonly clock: Clock;
  readonly env: () => Promise<UnitEnv>;
  /** Signal that aborts a call when the unit stops. */
  readonly stopSignal: () => AbortSignal;
  readonly unit: () => UnitActor;
  /** Starts the machines, and loads env.json if need be. */
  readonly prepare: () => Promise<void>;
}

/** Creates a signal that aborts after a time of this clock, or with another signal. */
const deadline = (clock: Clock, ms: number, other: AbortSignal) => {
  const abort = new AbortController();
  const timer = clock.setTimeout(() => {
    abort.abort(new WifiError('timeout', `The network did not answer within ${ms} ms. Check that it is in reach.`));
  }, ms);
  return { signal: AbortSignal.any([abort.signal, other]), [Symbol.dispose]: () => clock.clearTimeout(timer) };
};

const stateOf = (unit: UnitActor): WifiConnectionState => {
  const snapshot = unit.getSnapshot().children.wifi?.getSnapshot();
  if (!snapshot || snapshot.matches('idle')) return 'idle';
  if (snapshot.matches('unmanaged')) return 'unmanaged';
  if (snapshot.matches('linked')) return 'connected';
  return snapshot.matches('backingOff') ? 'waiting' : 'connecting';
};

export const createWifiManager = ({ wifi, clock, env, stopSignal, unit, prepare }: WifiManagerParts): WifiManager => {
  const ssidWanted = async () => (await env()).reserved.PUC_WIFI_SSID;
  const { withTimeout } = createTimeouts(clock);
  const connect = () => unit().send({ type: 'wifi.connect' });
  const isConnected = (): boolean => stateOf(unit()) === 'connected';
  /** Whether the machine is after the network already, and tries again by itself. */
  const isPursued = (): boolean => ['connecting', 'waiting'].includes(stateOf(unit()));
  const connectForever = async () => {
    await prepare();
    if (!isPursued()) connect();
    await waitForChild(unit(), 'wifi', (snapshot) => snapshot.hasTag('ready'));
  };
  return {
    getSta: () => wifi,
    get connectionState() {
      return stateOf(unit());
    },
    isConnected: async () => {
      const { linked, ssid } = await statusOf(wifi);
      return linked && (ssid === undefined || ssid === (await ssidWanted()));
    },
    isWifiLinked: async () => (await statusOf(wifi)).linked,
    scanHasTargetSsid: async () => {
      const ssid = await ssidWanted();
      using limit = deadline(clock, 10_000, stopSignal());
      return await isInReach(wifi, ssid, limit.signal);
    },
    connectOnce: async (options = {}) => {
      const { timeoutMs = 10_000 } = typeof options === 'number' ? { timeoutMs: options } : options;
      if (isConnected()) return true;
      await prepare();
      connect();
      const isOver = waitForChild(unit(), 'wifi', (snapshot) => !snapshot.hasTag('busy'));
      return (await withTimeout(isOver, timeoutMs)) && (await isOver).hasTag('ready');
    },
    connectForever,
    ensureConnected: async () => {
      if (!isConnected()) await connectForever();
    },
  };
};

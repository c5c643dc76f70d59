import { fromCallback, fromPromise } from 'xstate';
import { failureOf, type Failure } from './errors.ts';
import { find, type Found, type OfUnit } from './finder.ts';
import { endingWithOwner, type OfMachine } from './owner.ts';
import { checkedStatus, checkedStop, isInReach, statusOf } from './wifi-answers.ts';

/** State of the station's link; `ssid` is absent without a link, or if the host does not know it. */
export interface WifiStatus {
  readonly linked: boolean;
  readonly ssid?: string;
  /** Whether the host manages its network by itself: there is nothing to scan, join or leave. @defaultValue false */
  readonly isUnmanaged?: boolean;
}

/** A WiFi station interface. */
export interface Wifi {
  /** Name of the interface on the host. */
  readonly station: string;
  /** Reads the state of the link. @throws {WifiError} `io` */
  status(): Promise<WifiStatus>;
  /** Lists the SSIDs in reach. @throws {WifiError} `timeout`, `unsupported`, `io` */
  scan(signal: AbortSignal): Promise<string[]>;
  /**
   * Joins a network and resolves once linked.
   *
   * @throws {WifiError} `notFound`, `credentials`, `timeout`, `unsupported`, `io`
   */
  join(ssid: string, password: string, signal: AbortSignal): Promise<void>;
  /** Leaves the current network. @throws {WifiError} `io` */
  leave(): Promise<void>;
  /** Calls back when the link changes. @returns Stops watching; an error of it is ignored. */
  watch(onStatus: (status: WifiStatus) => void): () => void;
}

/** Source of the password, so that it never enters the machine. */
export type WifiPassword = () => string;

export interface SsidInput extends OfUnit {
  readonly ssid: string;
}

/**
 * Reads the station's link, for the wifi machine's `readStatus`.
 *
 * @example
 * import { wifiMachine } from 'pepeunit-client/machines';
 * import { readWifiStatus } from 'pepeunit-client/services';
 *
 * const machine = wifiMachine.provide({ actors: { readStatus: readWifiStatus(unit.world.wifi) } });
 */
export const readWifiStatus = (given: Found<Wifi>) =>
  fromPromise<WifiStatus>(({ self }) => statusOf(find(given, self)));
export type ReadWifiStatus = ReturnType<typeof readWifiStatus>;

/**
 * Checks whether the network is in reach, for the wifi machine's `scan`.
 *
 * @example
 * import { wifiMachine } from 'pepeunit-client/machines';
 * import { scanForSsid } from 'pepeunit-client/services';
 *
 * const machine = wifiMachine.provide({ actors: { scan: scanForSsid(unit.world.wifi) } });
 */
export const scanForSsid = (given: Found<Wifi>) =>
  fromPromise<boolean, SsidInput>(({ input, self, signal }) => isInReach(find(given, self), input.ssid, signal));
export type ScanForSsid = ReturnType<typeof scanForSsid>;

/**
 * Leaves the current network, then joins the requested one, for the wifi machine's `join`.
 *
 * @example
 * import { wifiMachine } from 'pepeunit-client/machines';
 * import { joinWifi } from 'pepeunit-client/services';
 *
 * const machine = wifiMachine.provide({ actors: { join: joinWifi({ wifi: unit.world.wifi, wifiPassword: () => 'password' }) } });
 */
export const joinWifi = (given: Found<{ readonly wifi: Wifi; readonly wifiPassword: WifiPassword }>) =>
  fromPromise<void, SsidInput>(async ({ input, self, signal }) => {
    const { wifi, wifiPassword } = find(given, self);
    if ((await statusOf(wifi)).linked) await wifi.leave();
    await wifi.join(input.ssid, wifiPassword(), signal);
  });
export type JoinWifi = ReturnType<typeof joinWifi>;

/**
 * Calls what ends a watching. An error of it, thrown or rejected, concerns nobody: the machine watches no more, and the
 * station's own calls report what is wrong with it.
 */
const endWatching = (stop: () => unknown): void => void (async () => stop())().catch(() => undefined);

/** Events of the link watcher for the wifi machine. */
export type WifiLinkEvent =
  { type: 'link.changed'; linked: boolean; ssid?: string } | { type: 'link.unwatchable'; failure: Failure };

/**
 * Reports link changes, for the wifi machine's `watchLink`.
 *
 * @example
 * import { wifiMachine } from 'pepeunit-client/machines';
 * import { watchWifi } from 'pepeunit-client/services';
 *
 * const machine = wifiMachine.provide({ actors: { watchLink: watchWifi(unit.world.wifi) } });
 */
export const watchWifi = (given: Found<Wifi>) =>
  fromCallback<{ type: 'link.ignore' }, OfMachine, WifiLinkEvent>(({ input, self, sendBack }) => {
    let isTold = false;
    const orUnwatchable = <T>(attempt: () => T): T | undefined => {
      try {
        return attempt();
      } catch (thrown) {
        if (!isTold) sendBack({ type: 'link.unwatchable', failure: failureOf(thrown) });
        isTold = true;
        return undefined;
      }
    };
    const pass = (status: WifiStatus) => sendBack({ ...checkedStatus('watch()', status), type: 'link.changed' });
    const stop = orUnwatchable(() =>
      checkedStop(find(given, self).watch((status) => orUnwatchable(() => pass(status)))),
    );
    return stop && endingWithOwner(input, () => endWatching(stop));
  });
export type WatchWifi = ReturnType<typeof watchWifi>;

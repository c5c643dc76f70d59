import { WifiError } from './errors.ts';
import { wrongAnswer } from './wrong-answer.ts';

const malformed = (method: string, given: unknown, wanted: string): WifiError =>
  new WifiError('malformed', wrongAnswer(method, 'wifi', given, wanted));

/** A status as an adapter's method gave it. @throws {WifiError} `malformed` if it is none */
export const checkedStatus = <T>(method: string, given: T): T => {
  const { linked, ssid } = (given ?? {}) as { readonly linked?: unknown; readonly ssid?: unknown };
  if (typeof linked !== 'boolean' || (ssid !== undefined && typeof ssid !== 'string'))
    throw malformed(method, given, '{ linked: true or false, ssid?: a text }');
  return given;
};

/** Reads the station's link. @throws {WifiError} `malformed` if the adapter gives none; what the adapter throws */
export const statusOf = async <T>(wifi: { status(): Promise<T> }): Promise<T> =>
  checkedStatus('status()', await wifi.status());

/** A station that can look for networks. */
interface Scanner {
  scan(signal: AbortSignal): Promise<unknown>;
}

/** Checks whether a network is in reach. @throws {WifiError} `malformed` if the adapter gives no list; what the adapter throws */
export const isInReach = async (wifi: Scanner, ssid: string, signal: AbortSignal): Promise<boolean> => {
  const found = await wifi.scan(signal);
  if (!Array.isArray(found) || !found.every((name) => typeof name === 'string'))
    throw malformed('scan()', found, 'an array of SSIDs');
  return found.includes(ssid);
};

/** What ends a watching, as the adapter gave it. @throws {WifiError} `malformed` if it is no function */
export const checkedStop = (given: unknown): (() => void) => {
  if (typeof given !== 'function') throw malformed('watch()', given, 'a function that ends the watching');
  return given as () => void;
};

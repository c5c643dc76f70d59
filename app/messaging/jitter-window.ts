/** Hosts of this machine, where there is no fleet. */
const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Hosts of a private network: RFC 1918, RFC 3927, RFC 4193, RFC 4291, RFC 6762, RFC 8375, and names of one word. */
const local =
  /^(10(\.\d+){3}|192\.168(\.\d+){2}|172\.(1[6-9]|2\d|3[01])(\.\d+){2}|169\.254(\.\d+){2}|\[f[cd][\da-f]*:.*\]|\[fe[89ab][\da-f]:.*\]|(.+\.)?(local|lan|internal|home\.arpa)|[^.:[\]]+)$/i;

/** Window for about sixty units: at most 7 attempts a second. */
const siteJitterMs = 10_000;

/** Window for a thousand units: 7 attempts a second on average, where the platform accepts 20. */
export const fleetJitterMs = 150_000;

/**
 * Chooses the jitter window for a broker's URL, milliseconds.
 *
 * A unit can't know how many others lose the broker with it; the broker's network hints at their number.
 */
export const jitterWindowOf = (url: string): number => {
  const host = URL.canParse(url) ? new URL(url).hostname : '';
  if (loopback.test(host)) return 0;
  return local.test(host) ? siteJitterMs : fleetJitterMs;
};

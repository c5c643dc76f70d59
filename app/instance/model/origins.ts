import { URL } from 'node:url';

/** Whether pages of an origin may use an instance. A program other than a browser sends no origin, and may. */
export type OriginCheck = (origin: string | undefined) => boolean;

const loopback = /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Allows pages of loopback, of the instance's own host, whatever their ports, and of the origins given. Any other page would
 * reach a service on the user's machine just because the user opened it.
 *
 * @param host As a URL has it.
 */
export const originCheck = (host: string, more: readonly string[]): OriginCheck => {
  const allowed = new Set(more.map((origin) => (URL.canParse(origin) ? new URL(origin).origin : origin)));
  return (origin) => {
    if (origin === undefined || allowed.has(origin)) return true;
    const hostname = URL.canParse(origin) ? new URL(origin).hostname : '';
    return hostname === host || loopback.test(hostname);
  };
};

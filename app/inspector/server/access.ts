import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Makes the secret part of an inspector's address: 128 random bits. */
export const createToken = (): string => randomBytes(16).toString('base64url');

const isEqual = (one: string, other: string): boolean => {
  const [bytes, otherBytes] = [Buffer.from(one), Buffer.from(other)];
  return bytes.length === otherBytes.length && timingSafeEqual(bytes, otherBytes);
};

const loopbackNames = ['127.0.0.1', 'localhost', '[::1]'];

const isLoopbackOrigin = (origin: string): boolean =>
  URL.canParse(origin) && loopbackNames.includes(new URL(origin).hostname);

/** Why a request is refused. */
export type Refusal = 403 | 404;

/** What a request asks for. */
export interface Asked {
  /** What follows the token in the path. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Checks requests: the name by which the server was called (a page of another name, bound to this address, is none of its
 * own), the page that asks, and the token.
 */
export const createAccess = (token: string, port: () => number) => {
  const isOwnHost = (host: string | undefined): boolean =>
    loopbackNames.some((name) => host?.toLowerCase() === `${name}:${port()}`);
  const isOwnOrigin = (origin: string | undefined): boolean =>
    origin === undefined || loopbackNames.some((name) => origin.toLowerCase() === `http://${name}:${port()}`);
  return {
    /** @returns What it asks for, or the status to refuse it with. */
    check: ({ url = '', headers }: IncomingMessage): Asked | Refusal => {
      if (!isOwnHost(headers.host) || !URL.canParse(url, 'http://inspector')) return 403;
      const { pathname, searchParams: query } = new URL(url, 'http://inspector');
      const [, given = '', ...rest] = pathname.split('/');
      const path = rest.join('/');
      // Any XState app of this machine may show itself, if it has the token.
      const isAllowed = isOwnOrigin(headers.origin) || (path === 'stately' && isLoopbackOrigin(headers.origin ?? ''));
      if (!isAllowed) return 403;
      return isEqual(given, token) && rest.length > 0 ? { path, query } : 404;
    },
  };
};

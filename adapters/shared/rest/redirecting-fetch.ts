import type { KyInstance } from 'ky';
import { RestError } from '../../../services/errors.ts';
import { explainNoAnswer, isBroken } from './advice.ts';
import { dropBody } from './body.ts';
import type { Deadline } from './deadline.ts';

/** A request that follows its redirects. */
export interface RedirectingRequest {
  /** Name of the request in messages, without secrets. */
  readonly what: string;
  readonly url: URL;
  /** @defaultValue `'GET'` */
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  /** JSON body. */
  readonly json?: unknown;
  readonly maxRedirects: number;
  /** Checks each address before its request; throws to refuse it. @defaultValue accepts all */
  readonly check?: (url: URL) => void;
  /** For error messages: what names the server's host, and what helps against a wrong redirect. */
  readonly advice: { readonly names: string; readonly redirect: string };
  /** @defaultValue the host's own */
  readonly fetch?: typeof fetch | undefined;
}

/** Name of the header with the unit's token. */
export const tokenHeader = 'x-auth-token';

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** Browsers hide the status and target of a redirect. */
const isRedirect = ({ status, type }: Response): boolean => redirectStatuses.has(status) || type === 'opaqueredirect';

const nextUrl = ({ status, headers }: Response, from: URL, request: RedirectingRequest): URL => {
  const refuse = (why: string) =>
    new RestError('redirect', `${request.what}: redirected ${why}. ${request.advice.redirect}`, { status });
  const location = headers.get('location');
  if (location === null || !URL.canParse(location, from.href)) throw refuse('to nowhere');
  const to = new URL(location, from.href);
  if (to.origin !== from.origin && tokenHeader in request.headers) {
    throw refuse(`to ${to.origin}, where the token must not go`);
  }
  if (to.username !== '' || to.password !== '') throw refuse('to an address with a password in it');
  if (request.method === 'POST' && status < 307) throw refuse('without its body');
  return to;
};

let ky: KyInstance | undefined;

/** Sends one request, and follows nothing. @throws {RestError} `network`, `timeout`, `aborted` */
const fetchOnce = async (
  { what, method = 'GET', headers, json, advice, fetch: fetcher = fetch }: RedirectingRequest,
  url: URL,
  deadline: Deadline,
): Promise<Response> => {
  try {
    // Only what asks loads it, once: in a program with a loader, such as tsx, each import asks another thread.
    ky ??= (await import('ky')).default;
    return await ky(url, {
      method,
      headers,
      ...(json !== undefined && { json }),
      // Without ky's own signal, made by AbortSignal.any: Node 20 loses it to garbage collection.
      fetch: (input, init) => fetcher(input, { ...init, signal: deadline.signal }),
      redirect: 'manual',
      credentials: 'omit',
      retry: 0,
      timeout: false,
      throwHttpErrors: false,
    });
  } catch (cause) {
    throw deadline.explain(cause, () => {
      const { why, advice: help } = explainNoAnswer(cause, advice.names);
      return new RestError('network', `${what}: ${why}. ${help}`, { cause });
    });
  }
};

/** Sends a GET once more when its connection broke: one that was kept from before may have gone stale. */
const fetchAgain = async (request: RedirectingRequest, url: URL, deadline: Deadline): Promise<Response> => {
  try {
    return await fetchOnce(request, url, deadline);
  } catch (thrown) {
    if (request.method === 'POST' || !isBroken(thrown)) throw thrown;
    return fetchOnce(request, url, deadline);
  }
};

/**
 * Sends one request and follows its redirects, at most `maxRedirects` of them.
 *
 * The unit's token stays with its origin: a request that carries it fails when redirected elsewhere.
 *
 * @returns The response, of any status but a redirect.
 * @throws {RestError} `redirect`, `network`, `timeout`, `aborted`; and the errors of `check`
 */
export const fetchRedirecting = async (request: RedirectingRequest, deadline: Deadline): Promise<Response> => {
  const { what, maxRedirects, check, advice } = request;
  let { url } = request;
  for (let followed = 0; followed <= maxRedirects; followed += 1) {
    check?.(url);
    const response = await fetchAgain(request, url, deadline);
    if (!isRedirect(response)) return response;
    await dropBody(response);
    url = nextUrl(response, url, request);
  }
  throw new RestError('redirect', `${what}: more than ${maxRedirects} redirects. ${advice.redirect}`);
};

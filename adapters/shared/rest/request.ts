import ky from 'ky';
import { RestError } from '../../../services/errors.ts';
import { isJsonObject } from '../../../services/json.ts';
import type { RestTarget } from '../../../services/rest.ts';
import { dropBody, parseJson, readBody } from './body.ts';
import type { Deadline } from './deadline.ts';

/** One request to the instance. */
export interface RestRequest {
  readonly method: 'GET' | 'POST';
  /** From the slash after the base URL on, with the query. */
  readonly path: string;
  readonly json?: unknown;
}

/** How often one request may be sent on to another place of the same origin. */
const mostRedirects = 3;
const mostDetailBytes = 64 * 1024;
const mostDetailLength = 300;

const redirects = new Set([301, 302, 303, 307, 308]);

const advice: Readonly<Record<number, string>> = {
  401: "Check PU_AUTH_TOKEN: download the unit's env from the instance again.",
  403: "Check PU_AUTH_TOKEN and the unit's rights on the instance.",
  404: 'Check PU_DOMAIN, PU_APP_PREFIX and PU_API_ACTUAL_PREFIX, and that the unit exists.',
  429: 'Too many requests: wait before the next one.',
};

/** Blots out a token, and its parts, wherever a text shows them. */
const withoutToken = (text: string, token: string): string =>
  [token, ...token.split('.')]
    .filter((part) => part.length >= 8)
    .reduce((clean, part) => clean.replaceAll(part, '***'), text);

const detailOf = (body: unknown): string => {
  const detail = isJsonObject(body) ? body['detail'] : undefined;
  if (typeof detail === 'string') return detail;
  return detail === undefined ? '' : JSON.stringify(detail);
};

/** What the instance says about a refusal: one bounded line, without the token. */
const refusalText = async (response: Response, what: string, token: string, deadline: Deadline): Promise<string> => {
  try {
    const detail = detailOf(parseJson(await readBody(response, what, mostDetailBytes, deadline), what));
    const line = withoutToken(detail, token).replace(/\p{Cc}+/gu, ' ');
    return line === '' ? '' : ` (${line.slice(0, mostDetailLength)})`;
  } catch {
    // The status alone says enough when the body says nothing.
    return '';
  }
};

const redirectTarget = (response: Response, from: URL, request: RestRequest, what: string): URL => {
  const location = response.headers.get('location');
  const to = location !== null && URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  const options = { status: response.status };
  if (to === undefined) {
    throw new RestError('redirect', `${what}: redirected to nowhere. Check the address of the instance.`, options);
  }
  if (to.origin !== from.origin) {
    throw new RestError(
      'redirect',
      `${what}: redirected to ${to.origin}, where the token must not go. Set PU_HTTP_TYPE and PU_DOMAIN to the instance's own address.`,
      options,
    );
  }
  if (request.method === 'POST' && response.status < 307) {
    throw new RestError('redirect', `${what}: redirected without its body. Check the address.`, options);
  }
  return to;
};

const addressOf = ({ baseUrl }: RestTarget, { path }: RestRequest, what: string): URL => {
  // A URL without a host takes the first segment of its path for one, and the token would go there.
  const namesHost = /^https?:\/\/[^/\\]/i.test(baseUrl);
  if (namesHost && URL.canParse(baseUrl + path)) return new URL(baseUrl + path);
  throw new RestError('network', `${what}: the address of the instance is none. Check PU_HTTP_TYPE and PU_DOMAIN.`);
};

const checkToken = (token: string, what: string): void => {
  if (/^[\x21-\x7e]*$/.test(token)) return;
  throw new RestError(
    'network',
    `${what}: PU_AUTH_TOKEN can't be sent in a header. Download the unit's env from the instance again.`,
  );
};

/**
 * Sends one request, following redirects within its origin.
 *
 * @returns An answer with a status of 2xx.
 * @throws {RestError} `status`, `redirect`, `network`, `timeout`, `aborted`
 */
export const sendRequest = async (
  fetcher: typeof fetch | undefined,
  target: RestTarget,
  request: RestRequest,
  what: string,
  deadline: Deadline,
): Promise<Response> => {
  checkToken(target.token, what);
  const options = {
    method: request.method,
    headers: { 'x-auth-token': target.token, accept: 'application/json' },
    ...(request.json === undefined ? {} : { json: request.json }),
    ...(fetcher === undefined ? {} : { fetch: fetcher }),
    redirect: 'manual',
    credentials: 'omit',
    retry: 0,
    timeout: false,
    throwHttpErrors: false,
    signal: deadline.signal,
  } as const;
  let url = addressOf(target, request, what);
  for (let followed = 0; followed <= mostRedirects; followed += 1) {
    const response = await ky(url, options).catch((cause: unknown) => {
      throw deadline.explain(
        cause,
        () => new RestError('network', `${what}: no connection. Check the network and PU_DOMAIN.`, { cause }),
      );
    });
    if (response.ok) return response;
    const { status } = response;
    if (!redirects.has(status) && response.type !== 'opaqueredirect') {
      const detail = await refusalText(response, what, target.token, deadline);
      throw new RestError('status', `${what}: status ${status}${detail}. ${advice[status] ?? 'Try again later.'}`, {
        status,
      });
    }
    await dropBody(response);
    url = redirectTarget(response, url, request, what);
  }
  throw new RestError('redirect', `${what}: more than ${mostRedirects} redirects. Check the address of the instance.`);
};

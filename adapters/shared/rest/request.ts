import { RestError } from '../../../services/errors.ts';
import { isJsonObject } from '../../../services/json.ts';
import { hideSecrets, redacted } from '../../../services/redaction.ts';
import type { RestTarget } from '../../../services/rest.ts';
import { statusAdvice } from './advice.ts';
import { dropBody, parseJson, readBody } from './body.ts';
import type { Deadline } from './deadline.ts';
import { fetchRedirecting, tokenHeader } from './redirecting-fetch.ts';
import { retryAfterOf } from './retry-after.ts';

/** One request to the instance. */
export interface RestRequest {
  readonly method: 'GET' | 'POST';
  /** Path after the base URL, with its slash and the query. */
  readonly path: string;
  readonly json?: unknown;
}

const maxRedirects = 3;
const maxDetailBytes = 64 * 1024;
const maxDetailLength = 300;

const advice = {
  names: 'PU_DOMAIN',
  redirect: "Set PU_HTTP_TYPE and PU_DOMAIN to the instance's own address.",
};

const adviceOn: Readonly<Record<number, string>> = {
  401: "Check PU_AUTH_TOKEN: download the unit's env from the instance again.",
  403: "Check PU_AUTH_TOKEN and the unit's rights on the instance.",
  404: 'Check PU_DOMAIN, PU_APP_PREFIX and PU_API_ACTUAL_PREFIX, and that the unit exists.',
};

const detailOf = (body: unknown): string => {
  const detail = isJsonObject(body) ? body['detail'] : undefined;
  if (typeof detail === 'string') return detail;
  return detail === undefined ? '' : JSON.stringify(detail);
};

/** The instance's explanation of a refusal: one bounded line, without secrets. */
const refusalText = async (response: Response, what: string, deadline: Deadline): Promise<string> => {
  try {
    const detail = detailOf(parseJson(await readBody(response, what, maxDetailBytes, deadline), what));
    const line = redacted(detail).replace(/\p{Cc}+/gu, ' ');
    return line === '' ? '' : ` (${line.slice(0, maxDetailLength)})`;
  } catch {
    // Without a readable body the status must do.
    return '';
  }
};

const addressOf = ({ baseUrl }: RestTarget, path: string, what: string): URL => {
  // In a URL without a host, the first segment of its path would become the host, and get the token.
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
 * @returns A response with a status of 2xx.
 * @throws {RestError} `status`, `redirect`, `network`, `timeout`, `aborted`
 */
export const sendRequest = async (
  fetcher: typeof fetch | undefined,
  target: RestTarget,
  { method, path, json }: RestRequest,
  what: string,
  deadline: Deadline,
): Promise<Response> => {
  hideSecrets([target.token]);
  checkToken(target.token, what);
  const response = await fetchRedirecting(
    {
      what,
      url: addressOf(target, path, what),
      method,
      headers: { [tokenHeader]: target.token, accept: 'application/json' },
      json,
      maxRedirects,
      advice,
      fetch: fetcher,
    },
    deadline,
  );
  if (response.ok) return response;
  const { status } = response;
  const detail = await refusalText(response, what, deadline);
  const message = `${what}: status ${status}${detail}. ${statusAdvice(status, adviceOn[status] ?? 'The instance does not take this request: check its version.')}`;
  throw new RestError('status', message, { status, retryAfterMs: retryAfterOf(response) });
};

const checkFileAddress = (url: URL, first: URL, what: string): void => {
  const isWeb = url.protocol === 'https:' || (url.protocol === 'http:' && first.protocol === 'http:');
  if (!isWeb) throw new RestError('redirect', `${what}: ${url.protocol} is not allowed. Give an https address.`);
  if (url.username === '' && url.password === '') return;
  throw new RestError('redirect', `${what}: the address holds a password. Leave that out.`);
};

/**
 * Requests a file from anywhere, with the token for the instance's own origin alone.
 *
 * @returns A response with a status of 2xx.
 * @throws {RestError} `status`, `redirect`, `network`, `timeout`, `aborted`
 */
export const requestFile = async (
  fetcher: typeof fetch | undefined,
  target: RestTarget,
  url: URL,
  what: string,
  deadline: Deadline,
): Promise<Response> => {
  const isOwn = URL.canParse(target.baseUrl) && new URL(target.baseUrl).origin === url.origin;
  hideSecrets([target.token]);
  if (isOwn) checkToken(target.token, what);
  const response = await fetchRedirecting(
    {
      what,
      url,
      headers: isOwn ? { [tokenHeader]: target.token } : {},
      maxRedirects,
      check: (address) => checkFileAddress(address, url, what),
      advice: { names: 'the address', redirect: 'Check the address.' },
      fetch: fetcher,
    },
    deadline,
  );
  if (response.ok) return response;
  await dropBody(response);
  const { status } = response;
  const message = `${what}: status ${status}. ${statusAdvice(status, 'Check the address.')}`;
  throw new RestError('status', message, { status, retryAfterMs: retryAfterOf(response) });
};

import { RestError } from '../../../services/errors.ts';
import { checkAddress, type LinkPolicy } from '../../shared/archive/program-url.ts';
import { dropBody } from '../../shared/rest/body.ts';
import type { Deadline } from '../../shared/rest/deadline.ts';

/** How to ask for a program. */
export interface ProgramAsking {
  readonly policy: LinkPolicy;
  /** @defaultValue the host's own */
  readonly fetch?: typeof fetch;
}

const mostRedirects = 5;
const redirects = new Set([301, 302, 303, 307, 308]);

const nextAddress = (response: Response, from: URL, what: string): URL => {
  const location = response.headers.get('location');
  if (location !== null && URL.canParse(location, from.href)) return new URL(location, from.href);
  throw new RestError('redirect', `${what}: redirected to nowhere. Check the firmware's link.`, {
    status: response.status,
  });
};

/** Names a request in messages: a query may hold what others must not see. */
export const nameOf = ({ host, pathname }: URL): string => `GET ${host}${pathname}`;

/**
 * Sends one request, with these headers and none that tells who asks, and follows its redirects as far as the policy
 * allows.
 *
 * @returns The answer, whatever its status but for a redirect.
 * @throws {FirmwareError} `link`
 * @throws {RestError} `redirect`, `network`, `timeout`, `aborted`
 */
export const askForProgram = async (
  { policy, fetch: fetcher = fetch }: ProgramAsking,
  first: URL,
  headers: Readonly<Record<string, string>>,
  limit: Deadline,
): Promise<Response> => {
  const what = nameOf(first);
  let url = first;
  for (let followed = 0; followed <= mostRedirects; followed += 1) {
    checkAddress(url, policy);
    const response = await fetcher(url, {
      headers: { ...headers, 'accept-encoding': 'identity' },
      redirect: 'manual',
      credentials: 'omit',
      signal: limit.signal,
    }).catch((cause: unknown) => {
      throw limit.explain(cause, () => new RestError('network', `${what}: no connection. Try again later.`, { cause }));
    });
    if (!redirects.has(response.status)) return response;
    await dropBody(response);
    url = nextAddress(response, url, what);
  }
  throw new RestError('redirect', `${what}: more than ${mostRedirects} redirects. Check the firmware's link.`);
};

import { checkAddress, type LinkPolicy } from '../../shared/archive/program-url.ts';
import type { Deadline } from '../../shared/rest/deadline.ts';
import { fetchRedirecting } from '../../shared/rest/redirecting-fetch.ts';

/** Options of a request for a program. */
export interface ProgramRequest {
  readonly policy: LinkPolicy;
  /** @defaultValue the host's own */
  readonly fetch?: typeof fetch;
}

const advice = { names: "the firmware's link", redirect: "Check the firmware's link." };

/** Names a request in messages, without its query, which may hold secrets. */
export const nameOf = ({ host, pathname }: URL): string => `GET ${host}${pathname}`;

/**
 * Sends one request with these headers and nothing that identifies the unit; follows redirects as far as the policy
 * allows.
 *
 * @returns The response, of any status but a redirect.
 * @throws {FirmwareError} `link`
 * @throws {RestError} `redirect`, `network`, `timeout`, `aborted`
 */
export const requestProgram = (
  { policy, fetch: fetcher }: ProgramRequest,
  url: URL,
  headers: Readonly<Record<string, string>>,
  limit: Deadline,
): Promise<Response> =>
  fetchRedirecting(
    {
      what: nameOf(url),
      url,
      headers: { ...headers, 'accept-encoding': 'identity' },
      maxRedirects: 5,
      check: (address) => checkAddress(address, policy),
      advice,
      fetch: fetcher,
    },
    limit,
  );

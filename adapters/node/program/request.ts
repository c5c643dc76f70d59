import { checkAddress, type LinkPolicy } from '../../shared/archive/program-url.ts';
import type { Deadline } from '../../shared/rest/deadline.ts';
import { fetchRedirecting } from '../../shared/rest/redirecting-fetch.ts';

/** How to ask for a program. */
export interface ProgramAsking {
  readonly policy: LinkPolicy;
  /** @defaultValue the host's own */
  readonly fetch?: typeof fetch;
}

const advice = { network: 'Try again later.', redirect: "Check the firmware's link." };

/** Names a request in messages: a query may hold what others must not see. */
export const nameOf = ({ host, pathname }: URL): string => `GET ${host}${pathname}`;

/**
 * Sends one request, with these headers and nothing that identifies the unit, and follows its redirects as far as the
 * policy allows.
 *
 * @returns The answer, whatever its status but for a redirect.
 * @throws {FirmwareError} `link`
 * @throws {RestError} `redirect`, `network`, `timeout`, `aborted`
 */
export const askForProgram = (
  { policy, fetch: fetcher }: ProgramAsking,
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

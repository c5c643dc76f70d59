import http from 'node:http';
import https from 'node:https';
import { kyRest } from '../../../adapters/shared/rest/rest.ts';
import { parseEnv, type UnitEnv } from '../../../services/env.ts';
import { RestError } from '../../../services/errors.ts';
import type { JsonObject } from '../../../services/json.ts';
import { targetOf, type RestTarget, type TargetVersion } from '../../../services/rest.ts';
import { check, type Check } from './check.ts';
import { failed, failedBy, ok, skipped, splitMessage, warning, type Outcome } from './finding.ts';
import { reachChecks } from './reach.ts';
import { addressOf, limitMs, within, withCode, type Server } from './server.ts';
import { speaksTls } from './tls.ts';

const defaultPorts = { http: 80, https: 443 } as const;

const restServer = ({ reserved }: UnitEnv): Server => {
  const { PU_DOMAIN: domain, PU_HTTP_TYPE: scheme } = reserved;
  const { hostname, port } = new URL(`http://${/^[^[]*:.*:/.test(domain) ? `[${domain}]` : domain}`);
  const isSecure = scheme === 'https';
  return {
    host: hostname.replaceAll(/^\[|\]$/g, ''),
    port: Number(port) || defaultPorts[scheme],
    variables: 'PU_DOMAIN',
    isSecure,
    withoutTls: 'Set PU_HTTP_TYPE to http where the instance has no TLS, or correct the port in PU_DOMAIN.',
  };
};

const timeoutMs = 10_000;

/** The prefixes of the API that instances have. */
const knownPrefixes = [
  ['/pepeunit', '/api/v1'],
  ['', '/api/v1'],
] as const;

/** Asks for the unit's target version. @returns The content type of the answer beside it, whatever comes. */
const ask = async (target: RestTarget) => {
  let type = '';
  const look: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    type = response.headers.get('content-type') ?? '';
    return response;
  };
  try {
    return { type, version: await kyRest({ timeoutMs, fetch: look }).getTargetVersion(target) };
  } catch (thrown) {
    return { type, thrown };
  }
};

/** Whether what answers is the API, even if it refuses. */
const isApi = ({ type, thrown }: Awaited<ReturnType<typeof ask>>): boolean =>
  thrown === undefined ||
  (type.includes('json') && thrown instanceof RestError && [401, 403, 422].includes(thrown.status ?? 0));

/** Finds the prefixes at which the API of this server answers, other than those of env.json. */
const findPrefixes = async ({ reserved, unitUuid }: UnitEnv) => {
  for (const [PU_APP_PREFIX, PU_API_ACTUAL_PREFIX] of knownPrefixes) {
    const target = targetOf({ reserved: { ...reserved, PU_APP_PREFIX, PU_API_ACTUAL_PREFIX }, unitUuid } as UnitEnv);
    if (isApi(await ask(target))) return { PU_APP_PREFIX, PU_API_ACTUAL_PREFIX };
  }
  return undefined;
};

const remedies: Readonly<Record<number, string>> = {
  401: "Download the unit's env from the instance again: it does not take this token.",
  403: "Download the unit's env from the instance again: it does not take this token.",
  404: 'Check PU_DOMAIN, PU_APP_PREFIX and PU_API_ACTUAL_PREFIX, and that the unit exists.',
  422: 'Check that the unit exists on this instance, and download its env again.',
  429: 'Wait: too many requests come from this address.',
};

const restFailure = async (env: UnitEnv, server: Server, type: string, thrown: unknown): Promise<Outcome<never>> => {
  if (!(thrown instanceof RestError)) throw thrown;
  const { baseUrl } = targetOf(env);
  const { status } = thrown;
  const isPage = type.includes('html');
  const prefixes = status === 404 || isPage || thrown.code === 'malformed' ? await findPrefixes(env) : undefined;
  if (prefixes) {
    const { PU_APP_PREFIX: app, PU_API_ACTUAL_PREFIX: api } = prefixes;
    return failed(
      `There is no API at ${baseUrl}.`,
      `Set PU_APP_PREFIX to "${app}" and PU_API_ACTUAL_PREFIX to "${api}": there it answers.`,
    );
  }
  if (isPage) {
    return failed(
      `${baseUrl} answers with a web page${status === undefined ? '' : ` (status ${status})`}, not as the API.`,
      'Check PU_DOMAIN and the prefixes, the proxy of the instance, and whether this network has a login page.',
    );
  }
  if (thrown.code === 'network' && !server.isSecure && (await speaksTls(server))) {
    return failed(`${addressOf(server)} speaks TLS, and PU_HTTP_TYPE is http.`, 'Set PU_HTTP_TYPE to https.');
  }
  const { detail } = splitMessage(thrown.message);
  if (status !== undefined && status >= 500) {
    return failed(detail, 'The instance itself is in trouble, or what is in front of it: look at its log.');
  }
  return status !== undefined && remedies[status] !== undefined ? failed(detail, remedies[status]) : failedBy(thrown);
};

const restCheck = (server: Check<Server>, secure: Check, document: Check<JsonObject>, token: Check<string>) =>
  check('REST', { secure, server, document, token }, async ({ server: given, document: parts }) => {
    const env = parseEnv(parts);
    const target = targetOf(env);
    const { type, version, thrown } = await ask(target);
    return version ? ok(`${target.baseUrl} takes the token`, version) : restFailure(env, given, type, thrown);
  });

const versionCheck = (target: Check<TargetVersion>, variables: Check<UnitEnv>, lastUpdate: Check<string | undefined>) =>
  check(
    'version',
    { target, variables, lastUpdate },
    async ({ target: { commit, tag }, variables: { reserved }, lastUpdate: failedVersion }) => {
      const running = reserved.PU_COMMIT_VERSION;
      const wanted = tag === null ? commit : `${commit} (${tag})`;
      if (commit === running) return ok(`${wanted}, as the instance wants`, undefined);
      return warning(
        `The instance wants version ${wanted}, env.json says ${running === '' ? 'none' : running}.`,
        commit === failedVersion
          ? 'It has failed here: correct the program, and update to the new version.'
          : 'Send the unit the command Update from the instance while it runs.',
        undefined,
      );
    },
  );

/** Allowed clock error, milliseconds: the HTTP date has whole seconds, and tokens and certificates tolerate this much. */
const toleranceMs = 30_000;

/** The date of a server's answer, Unix milliseconds; its certificate does not matter, as a wrong clock spoils that, too. */
const dateOf = ({ host, port, isSecure }: Server, path: string): Promise<number> => {
  const { request } = isSecure ? https : http;
  const asked = new Promise<number>((resolve, reject) => {
    const options = { host, port, path, method: 'HEAD', agent: false, timeout: limitMs, rejectUnauthorized: false };
    const sent = request(options, (response) => {
      response.resume();
      resolve(Date.parse(response.headers.date ?? ''));
    });
    sent
      .on('error', reject)
      .on('timeout', () => sent.destroy(withCode('ETIMEDOUT')))
      .end();
  });
  return within(asked, 2 * limitMs, () => withCode('ETIMEDOUT'));
};

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

const clockCheck = (port: Check<Server>, variables: Check<UnitEnv>) =>
  check('clock', { port, variables }, async ({ port: server, variables: { reserved } }) => {
    let date: number;
    try {
      date = await dateOf(server, `${reserved.PU_APP_PREFIX}${reserved.PU_API_ACTUAL_PREFIX}` || '/');
    } catch {
      return skipped(`needs an answer of ${addressOf(server)} first`);
    }
    if (Number.isNaN(date)) return skipped(`${addressOf(server)} answers without a date`);
    const ahead = Date.now() - date;
    if (Math.abs(ahead) <= toleranceMs) return ok(`within ${seconds(toleranceMs)} of the instance's`, undefined);
    return failed(
      `The clock of this machine is ${seconds(Math.abs(ahead))} ${ahead > 0 ? 'ahead of' : 'behind'} the instance's.`,
      'Set it, or let it be set by NTP.',
    );
  });

/** Parts of a unit that the checks of its instance need. */
export interface RestNeeds {
  readonly document: Check<JsonObject>;
  readonly variables: Check<UnitEnv>;
  readonly token: Check<string>;
  /** Its value is the version that has failed, if one has. */
  readonly lastUpdate: Check<string | undefined>;
}

/** Checks of the instance: the way to its REST API, an answer of that, and the version that it wants; and of the clock. */
export const restChecks = ({ document, variables, token, lastUpdate }: RestNeeds) => {
  const server = check('REST address', { variables }, async ({ variables: env }) => ok('', restServer(env)));
  const { name, port, secure } = reachChecks('REST', server);
  const rest = restCheck(server, secure, document, token);
  return {
    clock: clockCheck(port, variables),
    checks: [name, port, secure, rest, versionCheck(rest, variables, lastUpdate)],
  };
};

import { lookup } from 'node:dns/promises';
import { kyRest } from '../../../adapters/shared/rest/rest.ts';
import type { UnitEnv } from '../../../services/env.ts';
import { targetOf } from '../../../services/rest.ts';
import type { UnitSchema } from '../../../services/schema.ts';
import { brokerUrl } from '../../messaging/router.ts';
import { openLink } from '../unit-folder.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

const timeoutMs = 10_000;
/** Allowed clock error: the HTTP date has whole seconds, and tokens and certificates tolerate this much. */
const clockToleranceMs = 30_000;

const hostOf = (domain: string): string =>
  URL.canParse(`http://${domain}`) ? new URL(`http://${domain}`).hostname.replaceAll(/^\[|\]$/g, '') : domain;

/** Looks up a host's address. */
const checkName = async (check: string, variable: string, host: string): Promise<Finding> => {
  if (host === '') return failed(check, `env.json: ${variable} is missing. Download the env from the instance again.`);
  try {
    const { address } = await lookup(host);
    return ok(check, address === host ? host : `${host} is ${address}`);
  } catch (thrown) {
    const reason = (thrown as NodeJS.ErrnoException).code ?? 'unknown';
    return failed(check, `${host} has no address (${reason}). Check ${variable}, the network and its DNS.`);
  }
};

export const checkBrokerName = ({ reserved }: UnitEnv): Promise<Finding> =>
  checkName('broker name', 'PU_MQTT_HOST', reserved.PU_MQTT_HOST);

export const checkRestName = ({ reserved }: UnitEnv): Promise<Finding> =>
  checkName('REST name', 'PU_DOMAIN', hostOf(reserved.PU_DOMAIN));

const refusedTopics = async (env: UnitEnv, schema: UnitSchema | undefined) => {
  const link = await openLink(env, `${env.unitUuid}-doctor`);
  try {
    const topics = Object.values(schema?.input_base_topic ?? {}).flat();
    const grants = topics.length === 0 ? [] : await link.subscribe(topics);
    return { version: link.version, refused: grants.filter(({ granted }) => !granted) };
  } finally {
    await link.close();
  }
};

/** Connects with the unit's token, and subscribes to its base topics. The client id differs, so that a running unit keeps its session. */
export const checkBroker = async (env: UnitEnv, schema: UnitSchema | undefined): Promise<Finding> => {
  const { version, refused } = await refusedTopics(env, schema);
  if (refused.length > 0) {
    const topics = refused.map(({ topic }) => topic).join(', ');
    return failed(
      'broker',
      `The broker refuses ${topics}. Download the unit's schema and env from the instance again.`,
    );
  }
  return ok('broker', `${brokerUrl(env)} takes the token, MQTT ${version === 5 ? '5' : '3.1.1'}`);
};

/** Compares the version that the instance wants with the one in env.json. */
export const checkRest = async (env: UnitEnv): Promise<Finding> => {
  const { commit } = await kyRest({ timeoutMs }).getTargetVersion(targetOf(env));
  const running = env.reserved.PU_COMMIT_VERSION;
  if (commit !== running) {
    return warning('REST', `The instance wants version ${commit}, env.json says ${running || 'none'}. Send an update.`);
  }
  return ok('REST', `${targetOf(env).baseUrl} wants version ${commit}, as env.json`);
};

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;

/** Compares the host's clock with the date of the instance's answers. */
export const checkClock = async (env: UnitEnv): Promise<Finding> => {
  const { baseUrl } = targetOf(env);
  const signal = AbortSignal.timeout(timeoutMs);
  let date: number;
  try {
    const { headers } = await fetch(baseUrl, { method: 'HEAD', redirect: 'manual', signal });
    date = Date.parse(headers.get('date') ?? '');
  } catch {
    return { check: 'clock', result: 'skipped', detail: `needs an answer of ${baseUrl} first` };
  }
  if (Number.isNaN(date)) return warning('clock', `${baseUrl} answers without a date: compare the clock by hand.`);
  const ahead = Date.now() - date;
  if (Math.abs(ahead) <= clockToleranceMs) return ok('clock', `within ${seconds(clockToleranceMs)} of the instance's`);
  const direction = ahead > 0 ? 'ahead of' : 'behind';
  return failed('clock', `The clock is ${seconds(Math.abs(ahead))} ${direction} the instance's. Set it, or run NTP.`);
};

import { envDefaults } from '../../../services/env.ts';
import { randomBytes } from 'node:crypto';
import type { JsonObject } from '../../../services/json.ts';
import type { UnitDocument, VersionDocument } from '../store/documents.ts';
import { notFound } from '../errors.ts';

/** Addresses of an instance in its units' env.json. */
export interface Address {
  /** `host:port` of the REST API; also the first segment of every topic. */
  readonly domain: string;
  readonly mqttHost: string;
  readonly mqttPort: number;
}

export const appPrefix = '/pepeunit';
export const apiPrefix = '/api/v1';

/** Finds a version of a unit. @throws {InstanceError} `notFound` */
export const versionOf = (unit: UnitDocument, commit: string): VersionDocument => {
  const version = unit.versions.findLast((candidate) => candidate.commit === commit);
  if (!version) throw notFound(`The unit ${unit.uuid} has no version ${commit}. Add the version first.`);
  return version;
};

/** A key for a unit's env. */
export const randomKey = (): string => randomBytes(32).toString('base64');

/** The keys of an env that was saved; new ones each time before that, as on the platform. */
const keysOf = ({ env, secretKey, encryptKey }: UnitDocument): JsonObject => ({
  PU_SECRET_KEY: env === null ? randomKey() : secretKey,
  PU_ENCRYPT_KEY: env === null ? randomKey() : encryptKey,
});

const generatedEnv = (unit: UnitDocument, token: string, { domain, mqttHost, mqttPort }: Address): JsonObject => ({
  PU_DOMAIN: domain,
  PU_HTTP_TYPE: 'http',
  PU_APP_PREFIX: appPrefix,
  PU_API_ACTUAL_PREFIX: apiPrefix,
  PU_MQTT_HOST: mqttHost,
  PU_MQTT_PORT: mqttPort,
  PU_MQTT_PING_INTERVAL: envDefaults.PU_MQTT_PING_INTERVAL,
  PU_MQTT_KEEPALIVE: envDefaults.PU_MQTT_KEEPALIVE,
  PU_AUTH_TOKEN: token,
  ...keysOf(unit),
  PU_STATE_SEND_INTERVAL: envDefaults.PU_STATE_SEND_INTERVAL,
  PU_MIN_LOG_LEVEL: envDefaults.PU_MIN_LOG_LEVEL,
  PU_MAX_LOG_LENGTH: envDefaults.PU_MAX_LOG_LENGTH,
});

const lists = (envExample: JsonObject, name: string): boolean =>
  Object.hasOwn(envExample, name) || Object.hasOwn(envDefaults, name);

/** Builds a unit's env.json. The operator's values win over the instance's, and those over the version's example. */
export const buildEnv = (unit: UnitDocument, token: string, address: Address): JsonObject => {
  const { envExample } = versionOf(unit, unit.targetCommit);
  const generated = generatedEnv(unit, token, address);
  const isListed = ([name]: readonly [string, unknown]) => lists(envExample, name);
  return {
    ...envExample,
    ...generated,
    ...Object.fromEntries(Object.entries(unit.env ?? {}).filter(isListed)),
    PU_COMMIT_VERSION: unit.targetCommit,
  };
};

const identity = ['PU_AUTH_TOKEN', 'PU_COMMIT_VERSION'];

/** The variables that an operator may set; drops those that the version does not list or only the instance sets. */
export const settableVariables = (unit: UnitDocument, variables: JsonObject): JsonObject => {
  const { envExample } = versionOf(unit, unit.targetCommit);
  const isSettable = (name: string) => !identity.includes(name) && lists(envExample, name);
  return Object.fromEntries(Object.entries(variables).filter(([name]) => isSettable(name)));
};

/** Time between two state reports of a unit, milliseconds, from its env. */
export const stateIntervalMs = (unit: UnitDocument): number => {
  const seconds = Number(unit.env?.['PU_STATE_SEND_INTERVAL'] ?? envDefaults.PU_STATE_SEND_INTERVAL);
  return (Number.isFinite(seconds) ? seconds : envDefaults.PU_STATE_SEND_INTERVAL) * 1000;
};

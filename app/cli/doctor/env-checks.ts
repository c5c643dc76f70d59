import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { checkVariable, envDefaults, parseNextEnv, type UnitEnv } from '../../../services/env.ts';
import { failureOf } from '../../../services/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../services/json.ts';
import { hideSecretsOf } from '../../../services/secrets.ts';
import { check, type Check } from './check.ts';
import { findExample, requireDocument } from './documents.ts';
import { failed, ok, splitMessage, warning } from './finding.ts';

const fetchEnv = "Download the unit's env from the instance, as env.json.";
const permissions = 0o777;
const ofOthers = 0o077;

const modeOf = async (path: string): Promise<number> =>
  process.platform === 'win32' ? 0 : (await stat(path)).mode & permissions;

/** Checks that env.json is there, JSON, and for its owner alone. */
export const envFileCheck = (folder: string, place: Check) =>
  check('env.json', { place }, async () => {
    const path = join(folder, 'env.json');
    const found = await requireDocument(path, fetchEnv);
    if (!('value' in found)) return found;
    hideSecretsOf(found.value);
    const mode = await modeOf(path);
    if ((mode & ofOthers) === 0) return ok(`${Object.keys(found.value).length} variables`, found.value);
    return warning(
      `Other users of this machine can use ${path}, which holds the token (mode ${mode.toString(8).padStart(4, '0')}).`,
      `Run chmod 600 on it.`,
      found.value,
    );
  });

const nobody = '00000000-0000-4000-8000-000000000000';
/** Stands in for the unit's token, which has its own check. */
const anyToken = `.${btoa(JSON.stringify({ uuid: nobody }))}.`;

/** The faults of the reserved variables that are given. */
const faultsIn = (document: JsonObject): string[] =>
  Object.entries(document).flatMap(([name, value]) => {
    if (value === null) return [];
    try {
      checkVariable(name, value);
      return [];
    } catch (thrown) {
      return [splitMessage(failureOf(thrown).message).detail];
    }
  });

/** Checks the variables that Pepeunit reserves: their types, and those without which nothing can be reached. */
export const variablesCheck = (document: Check<JsonObject>): Check<UnitEnv> =>
  check('variables', { document }, async ({ document: given }) => {
    const faults = faultsIn(given);
    let env: UnitEnv;
    try {
      env = parseNextEnv({ ...given, PU_AUTH_TOKEN: anyToken }, nobody);
    } catch (thrown) {
      const { detail, remedy } = splitMessage(failureOf(thrown).message);
      return failed([...new Set([detail, ...faults])].join(' '), remedy);
    }
    if (faults.length === 0) return ok('those that Pepeunit reserves have the right types', env);
    return warning(
      faults.join(' '),
      `Correct it in the unit's env; until then the default of ${env.defaulted.join(', ')} is in force.`,
      env,
    );
  });

const kindOf = (value: JsonValue): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

const isOfKind = (value: JsonValue, example: JsonValue): boolean =>
  value === null || example === null || kindOf(value) === kindOf(example);

const isOwn = (name: string): boolean => !Object.hasOwn(envDefaults, name);

/** Compares the unit's own variables with those of env_example.json. */
export const settingsCheck = (folder: string, document: Check<JsonObject>) =>
  check('settings', { document }, async ({ document: given }) => {
    const found = await findExample(folder, 'env_example.json');
    if (!('value' in found)) return found;
    const example = Object.entries(found.value).filter(([name]) => isOwn(name));
    const missing = example.filter(([name]) => !Object.hasOwn(given, name)).map(([name]) => name);
    if (missing.length > 0) {
      return failed(
        `env.json lacks ${missing.join(', ')}, which env_example.json has.`,
        `Set ${missing.length === 1 ? 'it' : 'them'} in the unit's env on the instance, and download that again.`,
      );
    }
    const others = example.filter(([name, value]) => !isOfKind(given[name] ?? null, value));
    if (others.length > 0) {
      const faults = others.map(([name, value]) => `${name} is ${kindOf(given[name] ?? null)}, not ${kindOf(value)}`);
      return warning(
        `${faults.join('; ')} as in env_example.json.`,
        'Correct it in the env of the unit, unless its program takes both.',
        undefined,
      );
    }
    const more = Object.keys(given).filter((name) => isOwn(name) && !Object.hasOwn(found.value, name));
    const note = more.length === 0 ? '' : `, and besides ${more.join(', ')}`;
    return ok(`${example.length} of env_example.json${note}`, undefined);
  });

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const fetchAgain = "Download the unit's env from the instance again: it holds the token.";

const claimsOf = (token: string): unknown => {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return undefined;
  }
};

/** Checks the token's shape and claims; whether it is genuine is for the broker to say. */
export const tokenCheck = (document: Check<JsonObject>): Check<string> =>
  check('token', { document }, async ({ document: { PU_AUTH_TOKEN: token = '' } }) => {
    if (typeof token !== 'string') return failed('PU_AUTH_TOKEN is no text.', fetchAgain);
    if (token === '') return failed('PU_AUTH_TOKEN is missing.', fetchAgain);
    if (!/^[\x21-\x7e]+$/.test(token)) {
      return failed('PU_AUTH_TOKEN has spaces, line ends or characters in it that no token has.', fetchAgain);
    }
    const claims = claimsOf(token);
    if (token.split('.').length !== 3 || !isJsonObject(claims)) {
      return failed(
        'PU_AUTH_TOKEN is no JWT: three parts with dots between them, the second a JSON object.',
        fetchAgain,
      );
    }
    const { uuid, type, exp } = claims;
    if (type !== undefined && type !== 'Unit') {
      return failed('PU_AUTH_TOKEN is not the token of a unit: its type is another.', fetchAgain);
    }
    if (typeof uuid !== 'string' || !uuidPattern.test(uuid)) {
      return failed('PU_AUTH_TOKEN names no unit: it has no UUID in it.', fetchAgain);
    }
    if (typeof exp === 'number' && exp * 1000 <= Date.now()) {
      return failed(
        `PU_AUTH_TOKEN has expired, at ${new Date(exp * 1000).toISOString()}.`,
        `${fetchAgain} If it is new, set the clock.`,
      );
    }
    return ok(`unit ${uuid}`, uuid);
  });

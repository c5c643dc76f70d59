import { basename } from 'node:path';
import { fileStorage } from '../../adapters/node/storage/storage.ts';
import { SettingsError } from '../../services/errors.ts';
import { envDefaults } from '../../services/env.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../services/json.ts';
import { command, exitCode, UsageError } from './command.ts';
import { print } from '../terminal/output.ts';

const identifier = /^[A-Za-z_$][\w$]*$/;

const memberOf = (name: string, value: JsonValue, indent: string): string => {
  const key = identifier.test(name) ? name : JSON.stringify(name);
  return `${indent}readonly ${key}: ${typeOf(value, indent)};`;
};

const arrayOf = (values: readonly JsonValue[], indent: string): string => {
  const types = [...new Set(values.map((value) => typeOf(value, indent)))];
  if (types.length > 1) return `readonly (${types.join(' | ')})[]`;
  const [type = 'unknown'] = types;
  return type.startsWith('readonly ') ? `readonly (${type})[]` : `readonly ${type}[]`;
};

const typeOf = (value: JsonValue, indent: string): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return arrayOf(value, indent);
  if (!isJsonObject(value)) return typeof value;
  const members = Object.entries(value).map(([name, member]) => memberOf(name, member, `${indent}  `));
  return members.length === 0 ? 'Readonly<Record<string, unknown>>' : ['{', ...members, `${indent}}`].join('\n');
};

/** Generates the source of an interface of the example's variables, without those that Pepeunit reserves. */
const interfaceOf = (name: string, example: JsonObject, origin: string): string => {
  const own = Object.entries(example).filter(([variable]) => !Object.hasOwn(envDefaults, variable));
  return [
    `/** The unit's own variables, as ${origin} has them. */`,
    `export interface ${name} {`,
    ...own.map(([variable, value]) => memberOf(variable, value, '  ')),
    '}',
  ].join('\n');
};

/** `pepeunit types`: prints the type of a unit's own variables. */
export const typesCommand = command(
  {
    name: 'types',
    operands: 'ENV_EXAMPLE',
    minOperands: 1,
    maxOperands: 1,
    about:
      "Prints a TypeScript interface of the variables in ENV_EXAMPLE (a unit's env_example.json),\n" +
      'for new PepeunitClient<UnitEnv>(…). Variables that Pepeunit reserves are left out, as they have types already.',
    options: {
      name: { type: 'string', value: 'NAME', help: 'Name of the interface. UnitEnv by default.' },
    },
  },
  async ({ operands: [path = ''], options: { name = 'UnitEnv' } }) => {
    if (!identifier.test(name)) throw new UsageError(`--name takes a TypeScript name, not "${name}".`);
    const example = await fileStorage().readJson(path);
    if (example === undefined) throw new SettingsError('missing', `${path} does not exist. Name an env_example.json.`);
    if (!isJsonObject(example)) {
      throw new SettingsError('malformed', `${path} must be a JSON object: variables by name. Correct it.`);
    }
    print(interfaceOf(name, example, basename(path)));
    return exitCode.ok;
  },
);

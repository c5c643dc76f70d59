import { envDefaults } from '../../../services/env.ts';
import { SchemaError } from '../../../services/errors.ts';
import { javascript } from '../../diagram/literal.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../services/json.ts';

/** Name of the file that has a unit's types. */
export const unitTypesName = 'unit.d.ts';

const maxWidth = 80;

const memberOf = (name: string, value: JsonValue, indent: string): string => {
  return `${indent}readonly ${javascript.key(name)}: ${typeOf(value, indent)};`;
};

const arrayOf = (values: readonly JsonValue[], indent: string): string => {
  const types = [...new Set(values.map((value) => typeOf(value, indent)))];
  if (types.length > 1) return `readonly (${types.join(' | ')})[]`;
  const [type = 'unknown'] = types;
  return type.startsWith('readonly ') ? `readonly (${type})[]` : `readonly ${type}[]`;
};

const objectOf = (entries: readonly (readonly [name: string, value: JsonValue])[], indent: string): string =>
  ['{', ...entries.map(([name, value]) => memberOf(name, value, `${indent}  `)), `${indent}}`].join('\n');

const typeOf = (value: JsonValue, indent: string): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return arrayOf(value, indent);
  if (!isJsonObject(value)) return typeof value;
  const entries = Object.entries(value);
  return entries.length === 0 ? 'Readonly<Record<string, unknown>>' : objectOf(entries, indent);
};

/** The type of the unit's own variables: those that Pepeunit reserves have types already. */
const ownVariables = (env: JsonObject): string => {
  const own = Object.entries(env).filter(([name]) => !Object.hasOwn(envDefaults, name));
  return own.length === 0 ? '{}' : objectOf(own, '  ');
};

/** Lists the topic keys of a section, in schema_example.json or in a whole schema.json. @throws {SchemaError} */
const keysOf = (schema: JsonObject, section: 'input_topic' | 'output_topic'): string[] => {
  const given = schema[section];
  const keys = isJsonObject(given) ? Object.keys(given) : given;
  if (Array.isArray(keys) && keys.every((key) => typeof key === 'string')) return [...new Set(keys)];
  throw new SchemaError('invalid', `schema_example.json: ${section} must be a list of topic keys. Correct it.`);
};

const unionMember = (name: string, keys: readonly string[]): string => {
  const literals = keys.map((key) => javascript.text(key));
  const line = `  readonly ${name}: ${literals.join(' | ') || 'never'};`;
  return line.length <= maxWidth || literals.length < 2
    ? line
    : `  readonly ${name}:\n${literals.map((literal) => `    | ${literal}`).join('\n')};`;
};

/**
 * Generates the types of a unit, for `new PepeunitClient<Unit>(…)`: its own variables and its topic keys.
 *
 * @param env Contents of env_example.json.
 * @param schema Contents of schema_example.json.
 * @returns The source of unit.d.ts.
 * @throws {SchemaError} `invalid`: a section is no list of topic keys.
 */
export const unitTypes = (env: JsonObject, schema: JsonObject): string => `/**
 * Types of the unit, for \`new PepeunitClient<Unit>(…)\`. Made by \`pepeunit types\` from env_example.json and
 * schema_example.json: run it again when they change.
 */
export interface Unit {
  /** The unit's own variables. */
  readonly env: ${ownVariables(env)};
  /** Keys of its Inputs. */
${unionMember('input', keysOf(schema, 'input_topic'))}
  /** Keys of its Outputs. */
${unionMember('output', keysOf(schema, 'output_topic'))}
}
`;

import { envDefaults } from '../../services/env.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../services/json.ts';

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

/** TypeScript source of an interface that has the example's variables, those of Pepeunit itself left out. */
export const interfaceOf = (name: string, example: JsonObject, origin: string): string => {
  const own = Object.entries(example).filter(([variable]) => !Object.hasOwn(envDefaults, variable));
  return [
    `/** The unit's own variables, as ${origin} has them. */`,
    `export interface ${name} {`,
    ...own.map(([variable, value]) => memberOf(variable, value, '  ')),
    '}',
  ].join('\n');
};

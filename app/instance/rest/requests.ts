import type { Context } from 'hono';
import type { Core } from '../model/core.ts';
import type { Operator } from '../model/operator.ts';
import type { Agent } from '../model/access.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../services/json.ts';
import { visibilityLevels, type VisibilityLevel } from '../store/documents.ts';
import { invalid, InstanceError } from '../errors.ts';
import { commands, type Command } from '../model/events.ts';
import type { PageOf } from '../model/rows.ts';
import { isUuid } from '../model/topics.ts';

/** Context variables of the routes. */
export interface RestEnv {
  Variables: { agent: Agent };
}

/** The parts of an instance that the routes use. */
export interface RestParts {
  readonly core: Core;
  readonly operator: Operator;
}

/** @throws {InstanceError} `invalid` */
export const requireUuid = (name: string, value: unknown): string => {
  const text = typeof value === 'string' ? value.toLowerCase() : value;
  if (!isUuid(text)) throw invalid(`${name} must be a UUID.`);
  return text;
};

/** Reads `:uuid` of the path. @throws {InstanceError} `invalid` */
export const pathUuid = (context: Context): string => requireUuid('uuid', context.req.param('uuid'));

/** Size limit of a body: room for a million characters of state, each in its longest JSON form. */
const maxBodyBytes = 16 * 1024 * 1024;

const bodyText = async ({ body }: Request): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > maxBodyBytes)
      throw new InstanceError('tooLarge', `The body has more than ${maxBodyBytes} bytes. Send less.`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

/** Reads the body as a JSON object. @throws {InstanceError} `invalid`, `tooLarge` */
export const bodyOf = async (context: Context): Promise<JsonObject> => {
  const text = await bodyText(context.req.raw);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    throw new InstanceError('invalid', 'The body must be JSON.', { cause });
  }
  if (!isJsonObject(body)) throw invalid('The body must be a JSON object.');
  return body;
};

const own = (body: JsonObject, name: string): JsonValue | undefined =>
  Object.hasOwn(body, name) ? body[name] : undefined;

/** @throws {InstanceError} `invalid` */
export const textField = (body: JsonObject, name: string): string => {
  const value = own(body, name);
  if (typeof value !== 'string') throw invalid(`${name} must be a text.`);
  return value;
};

/** @returns `undefined` where the field is absent or null. @throws {InstanceError} `invalid` */
export const optionalField = <T extends JsonValue>(
  body: JsonObject,
  name: string,
  wanted: string,
  isWanted: (value: JsonValue) => value is T,
): T | undefined => {
  const value = own(body, name);
  if (value === undefined || value === null) return undefined;
  if (!isWanted(value)) throw invalid(`${name} must be ${wanted}.`);
  return value;
};

export const isText = (value: JsonValue): value is string => typeof value === 'string';
export const isNumber = (value: JsonValue): value is number => typeof value === 'number';
export const isBoolean = (value: JsonValue): value is boolean => typeof value === 'boolean';
export const isVisibility = (value: JsonValue): value is VisibilityLevel =>
  visibilityLevels.some((level) => level === value);

/** Reads a whole number of the query. @throws {InstanceError} `invalid` */
export const queryInteger = (context: Context, name: string, byDefault: number): number => {
  const given = context.req.query(name);
  if (given === undefined || given === '') return byDefault;
  const number = Number(given);
  if (!Number.isInteger(number)) throw invalid(`${name} must be a whole number.`);
  return number;
};

/** Reads `limit` and `offset` of the query. @throws {InstanceError} `invalid` */
export const queryPage = (context: Context): PageOf => {
  const limit = queryInteger(context, 'limit', 10);
  const offset = queryInteger(context, 'offset', 0);
  if (limit < 0 || offset < 0) throw invalid('limit and offset must not be negative.');
  return { limit: Math.min(limit, 1000), offset };
};

/** Reads `asc` or `desc` of the query. @throws {InstanceError} `invalid` */
export const queryOrder = (context: Context, name: string, byDefault: 'asc' | 'desc'): 'asc' | 'desc' => {
  const given = context.req.query(name) ?? byDefault;
  if (given !== 'asc' && given !== 'desc') throw invalid(`${name} must be asc or desc.`);
  return given;
};

/** Reads `command` of the query. @throws {InstanceError} `invalid` */
export const queryCommand = (context: Context): Command => {
  const given = context.req.query('command');
  const command = commands.find((known) => known === given);
  if (!command) throw invalid(`command must be one of ${commands.join(', ')}.`);
  return command;
};

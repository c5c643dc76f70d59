import type { Context } from 'hono';
import type { Core } from '../model/core.ts';
import type { Operator } from '../model/operator.ts';
import type { Agent } from '../model/access.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../../services/json.ts';
import { visibilityLevels, type VisibilityLevel } from '../store/documents.ts';
import { InstanceError } from '../errors.ts';
import { commands, type Command } from '../model/events.ts';
import { parseJson } from '../model/json-text.ts';
import type { PageOf } from '../model/rows.ts';
import { isUuid } from '../model/topics.ts';
import { missing, notBoolean, notInteger, notJson, notObject, notOneOf, notText, notUuid } from './field-faults.ts';

/** Context variables of the routes. */
export interface RestEnv {
  Variables: { agent: Agent };
}

/** The parts of an instance that the routes use. */
export interface RestParts {
  readonly core: Core;
  readonly operator: Operator;
}

/** An answer with no body; the platform names a type all the same. */
export const noContent = (context: Context): Response =>
  context.body(null, 204, { 'content-type': 'application/json' });

/** Largest page of a list. */
const maxPage = 500;

/** A page that is too long or begins before the first row; the platform words it without a number. */
export class PageError extends Error {
  override readonly name = 'PageError';
}

/** @throws {FieldError} */
const requireUuid = (loc: (string | number)[], value: JsonValue): string => {
  const text = typeof value === 'string' ? value.toLowerCase() : value;
  if (!isUuid(text)) throw notUuid(loc, value);
  return text;
};

/** Reads `:uuid` of the path. @throws {FieldError} */
export const pathUuid = (context: Context): string => requireUuid(['path', 'uuid'], context.req.param('uuid') ?? '');

/** Reads a UUID of the query. @returns `undefined` if it is not given. @throws {FieldError} */
export const queryUuid = (context: Context, name: string): string | undefined => {
  const given = context.req.query(name);
  return given === undefined ? undefined : requireUuid(['query', name], given);
};

/** Reads a UUID that the query must have. @throws {FieldError} */
export const requiredQueryUuid = (context: Context, name: string): string => {
  const uuid = queryUuid(context, name);
  if (uuid === undefined) throw missing(['query', name], null);
  return uuid;
};

/** Reads a list of UUIDs of the query. @throws {FieldError} */
export const queryUuids = (context: Context, name: string): string[] =>
  (context.req.queries(name) ?? []).map((uuid, index) => requireUuid(['query', name, index], uuid));

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

/** Reads the body as a JSON object. @throws {FieldError | InstanceError} `tooLarge` */
export const bodyOf = async (context: Context): Promise<JsonObject> => {
  const text = await bodyText(context.req.raw);
  let body: JsonValue;
  try {
    body = parseJson(text);
  } catch {
    throw notJson(text.length);
  }
  if (!isJsonObject(body)) throw notObject(['body'], body);
  return body;
};

const own = (body: JsonObject, name: string): JsonValue | undefined =>
  Object.hasOwn(body, name) ? body[name] : undefined;

/** Reads a text of the body. @throws {FieldError} */
export const textField = (body: JsonObject, name: string): string => {
  const value = own(body, name);
  if (value === undefined) throw missing(['body', name], body);
  if (typeof value !== 'string') throw notText(['body', name], value);
  return value;
};

/** Reads a UUID of the body. @throws {FieldError} */
export const uuidField = (body: JsonObject, name: string): string => {
  const value = own(body, name);
  if (value === undefined) throw missing(['body', name], body);
  return requireUuid(['body', name], value);
};

/** Reads a value of the body. @returns `undefined` where the field is absent or null. @throws {FieldError} */
export const optionalField = <T extends JsonValue>(
  body: JsonObject,
  name: string,
  isWanted: (value: JsonValue) => value is T,
  refuse: (loc: string[], value: JsonValue) => Error,
): T | undefined => {
  const value = own(body, name);
  if (value === undefined || value === null) return undefined;
  if (!isWanted(value)) throw refuse(['body', name], value);
  return value;
};

/** Reads a text of the body. @returns `undefined` where it is absent or null. @throws {FieldError} */
export const optionalText = (body: JsonObject, name: string): string | undefined =>
  optionalField(body, name, (value) => typeof value === 'string', notText);

/** Reads a visibility level of the body. @throws {FieldError} */
export const optionalVisibility = (body: JsonObject): VisibilityLevel | undefined =>
  optionalField(
    body,
    'visibility_level',
    (value): value is VisibilityLevel => visibilityLevels.some((level) => level === value),
    (loc, value) => notOneOf(loc, value, visibilityLevels),
  );

/** Reads a whole number of the query. @throws {FieldError} */
export const queryInteger = (context: Context, name: string, byDefault: number): number => {
  const given = context.req.query(name);
  if (given === undefined) return byDefault;
  if (!/^\s*[+-]?\d+\s*$/.test(given)) throw notInteger(['query', name], given);
  return Number(given);
};

const truths: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['true', 't', 'yes', 'y', 'on', '1'].map((text) => [text, true])),
  ...Object.fromEntries(['false', 'f', 'no', 'n', 'off', '0'].map((text) => [text, false])),
};

/** Reads a truth value of the query. @throws {FieldError} */
export const queryBoolean = (context: Context, name: string): boolean => {
  const given = context.req.query(name) ?? 'false';
  const value = Object.hasOwn(truths, given.toLowerCase()) ? truths[given.toLowerCase()] : undefined;
  if (value === undefined) throw notBoolean(['query', name], given);
  return value;
};

/** Reads `limit` and `offset` of the query; a limit of 0 is none. @throws {FieldError | PageError} */
export const queryPage = (context: Context): PageOf => {
  const limit = queryInteger(context, 'limit', maxPage);
  const offset = queryInteger(context, 'offset', 0);
  if (limit > maxPage) throw new PageError(`limit must be <= ${maxPage}`);
  if (limit < 0) throw new PageError('limit must be >= 0');
  if (offset < 0) throw new PageError('offset must be >= 0');
  return { limit: limit === 0 ? maxPage : limit, offset };
};

/** Reads one of some names of the query. @throws {FieldError} */
export const queryChoice = <T extends string>(context: Context, name: string, names: readonly T[]): T | undefined => {
  const given = context.req.query(name);
  const found = names.find((known) => known === given);
  if (given !== undefined && found === undefined) throw notOneOf(['query', name], given, names);
  return found;
};

/** Reads `asc` or `desc` of the query. @throws {FieldError} */
export const queryOrder = (context: Context, name: string): 'asc' | 'desc' | undefined =>
  queryChoice(context, name, ['asc', 'desc'] as const);

/** Reads `command` of the query. @throws {FieldError} */
export const queryCommand = (context: Context): Command => {
  const command = queryChoice(context, 'command', commands);
  if (!command) throw missing(['query', 'command'], null);
  return command;
};

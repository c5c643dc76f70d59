/** Any value that JSON can say. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object, seen before anything about it is known. */
export type JsonObject = { [key: string]: JsonValue };

/**
 * Tells a JSON object from arrays, null and scalars.
 *
 * @example
 * import { isJsonObject } from 'pepeunit-client/services';
 *
 * const document: unknown = JSON.parse('{"celsius":21}');
 * if (isJsonObject(document)) console.log(document['celsius']);
 */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

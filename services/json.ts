/** Any JSON value. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** A JSON object of unknown shape. */
export type JsonObject = { [key: string]: JsonValue };

/**
 * Whether a value is a JSON object: no array, null or scalar.
 *
 * @example
 * import { isJsonObject } from 'pepeunit-client/services';
 *
 * const document: unknown = JSON.parse('{"celsius":21}');
 * if (isJsonObject(document)) console.log(document['celsius']);
 */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

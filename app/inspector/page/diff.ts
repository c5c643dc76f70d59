import { isJsonObject, type JsonValue } from '../../../services/json.ts';

/** A place in a JSON value where two of them differ; `undefined` where one has nothing. */
export interface Difference {
  readonly path: string;
  readonly before: JsonValue | undefined;
  readonly after: JsonValue | undefined;
}

const membersOf = (value: JsonValue | undefined): Readonly<Record<string, JsonValue>> | undefined =>
  Array.isArray(value) ? Object.fromEntries(value.entries()) : isJsonObject(value) ? value : undefined;

/**
 * Finds where two JSON values differ, by paths such as `fan.speed`; an empty path is the value itself.
 * @example differencesOf({ speed: 1 }, { speed: 2 }) // [{ path: 'speed', before: 1, after: 2 }]
 */
export const differencesOf = (
  before: JsonValue | undefined,
  after: JsonValue | undefined,
  path = '',
): readonly Difference[] => {
  const [old, next] = [membersOf(before), membersOf(after)];
  if (!old || !next || Array.isArray(before) !== Array.isArray(after))
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
  const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  return keys.flatMap((key) =>
    differencesOf(
      Object.hasOwn(old, key) ? old[key] : undefined,
      Object.hasOwn(next, key) ? next[key] : undefined,
      path === '' ? key : `${path}.${key}`,
    ),
  );
};

/** Numbers in a JSON value by their paths. */
export const numbersIn = (value: JsonValue | undefined, path = ''): ReadonlyMap<string, number> => {
  if (typeof value === 'number') return new Map([[path, value]]);
  const members = Object.entries(membersOf(value) ?? {});
  return new Map(members.flatMap(([key, member]) => [...numbersIn(member, path === '' ? key : `${path}.${key}`)]));
};

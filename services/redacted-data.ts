import { redacted } from './redaction.ts';

/** How deep data is looked through. */
const maxDepth = 8;
/** Stands for what lies deeper. */
const tooDeep = '(nested too deeply to be shown)';
/** Stands for what throws when it is read. */
const unreadable = '(unreadable)';

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Array.isArray(value);
};

/** Reads a member, as its getter may throw. */
const memberOf = (value: object, name: PropertyKey): unknown => {
  try {
    return Reflect.get(value, name);
  } catch {
    return unreadable;
  }
};

/** Whether a value has a method; calls no getter. */
const hasMethod = (value: object, name: string): boolean => {
  for (let holder: object | null = value; holder; holder = Object.getPrototypeOf(holder) as object | null) {
    const found = Object.getOwnPropertyDescriptor(holder, name);
    if (found) return typeof found.value === 'function';
  }
  return false;
};

/** Methods of instances that are at work, and no data: actors and their logic, emitters, streams, signals. */
const signsOfWork = ['on', 'subscribe', 'addEventListener', 'getInitialSnapshot'];
/** A getter of the nodes of a chart, which a snapshot leads to. */
const signOfNode = 'ownEvents';

const isAtWork = (value: object): boolean => signOfNode in value || signsOfWork.some((sign) => hasMethod(value, sign));

/** Whether a value is shown as it is: bytes, and what is at work. */
const isOpaque = (value: object): boolean =>
  ArrayBuffer.isView(value) ||
  value instanceof ArrayBuffer ||
  (!isPlain(value) && !(value instanceof Error) && isAtWork(value));

/** Whether a value is of one of these classes of fetch, which Node loads only when they are named. */
const isOfFetch = (value: object, ...names: readonly unknown[]): boolean =>
  !isPlain(value) && names.includes(memberOf(value, Symbol.toStringTag));

const isHeaders = (value: object): value is Headers => isOfFetch(value, 'Headers');
const isMessage = (value: object): value is Request | Response => isOfFetch(value, 'Request', 'Response');

const allParts = (value: object): readonly unknown[] => {
  if (isOpaque(value)) return [];
  if (value instanceof Map) return [...(value as Map<unknown, unknown>)].flat();
  if (value instanceof URLSearchParams || isHeaders(value)) return [...value].flat();
  if (isMessage(value)) return [value.url, value.headers];
  if (value instanceof Set) return [...(value as Set<unknown>)];
  if (value instanceof URL) return [value.href];
  if (Array.isArray(value)) return value;
  const names = Reflect.ownKeys(value);
  return [...names, ...names.map((name) => memberOf(value, name))];
};

/** Lists what a value shows: its members with their names, or its elements. @returns `undefined` if that throws. */
const partsOf = (value: object): readonly unknown[] | undefined => {
  try {
    return allParts(value);
  } catch {
    return undefined;
  }
};

/** Whether a value at this depth shows a secret, or what can't be looked through. */
const showsSecret = (value: object, depth: number): boolean => {
  const seen = new Set<object>([value]);
  for (let level = [value], at = depth; level.length > 0; at += 1) {
    if (at > maxDepth) return true;
    const below: object[] = [];
    for (const parts of level.map(partsOf)) {
      if (parts === undefined) return true;
      for (const part of parts) {
        if (typeof part === 'string' && redacted(part) !== part) return true;
        if (typeof part !== 'object' || part === null || seen.has(part)) continue;
        seen.add(part);
        below.push(part);
      }
    }
    level = below;
  }
  return false;
};

const withoutSecrets = (pairs: Iterable<[string, string]>): [string, string][] =>
  [...pairs].map(([name, text]) => [redacted(name), redacted(text)]);

/** Copies values without their secrets, each once. */
class Copier {
  readonly #copies = new Map<object, unknown>();

  /** @returns The value itself if it shows no secret. */
  copy(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return redacted(value);
    if (typeof value !== 'object' || value === null) return value;
    if (this.#copies.has(value)) return this.#copies.get(value);
    if (depth > maxDepth) return tooDeep;
    return showsSecret(value, depth) ? this.#copyOf(value, depth + 1) : value;
  }

  #copyOf(value: object, depth: number): unknown {
    if (partsOf(value) === undefined) return unreadable;
    if (value instanceof URL) return redacted(value.href);
    if (value instanceof URLSearchParams) return new URLSearchParams(withoutSecrets(value));
    if (isHeaders(value)) return new Headers(withoutSecrets(value));
    if (isMessage(value)) return { url: redacted(value.url), headers: new Headers(withoutSecrets(value.headers)) };
    if (value instanceof Map) {
      const map = this.#keep(value, new Map<unknown, unknown>());
      for (const [key, member] of value as Map<unknown, unknown>)
        map.set(this.copy(key, depth), this.copy(member, depth));
      return map;
    }
    if (value instanceof Set) {
      const set = this.#keep(value, new Set<unknown>());
      for (const member of value as Set<unknown>) set.add(this.copy(member, depth));
      return set;
    }
    if (Array.isArray(value)) {
      const list = this.#keep(value, [] as unknown[]);
      for (const member of value as unknown[]) list.push(this.copy(member, depth));
      return list;
    }
    return this.#copyMembers(value, depth);
  }

  #copyMembers(value: object, depth: number): object {
    const empty = value instanceof Error ? new Error() : {};
    const copy = this.#keep(
      value,
      Object.setPrototypeOf(empty, Object.getPrototypeOf(value) as object | null) as object,
    );
    for (const name of Reflect.ownKeys(value)) {
      const member = this.copy(memberOf(value, name), depth);
      const enumerable = Object.prototype.propertyIsEnumerable.call(value, name);
      const shown = typeof name === 'string' ? redacted(name) : name;
      Object.defineProperty(copy, shown, { value: member, enumerable, configurable: true, writable: true });
    }
    return copy;
  }

  /** Keeps a copy before its members are copied, which may lead back to it. */
  #keep<T>(value: object, copy: T): T {
    this.#copies.set(value, copy);
    return copy;
  }
}

/**
 * Data as it may be shown: objects, arrays, Maps, Sets, URLs, headers, requests and responses of fetch, instances of
 * classes, and errors with their causes. What lies deeper than eight levels, or throws when it is read, is left out. Bytes,
 * private fields, and what is at work, such as an actor or an emitter, are not looked through. Never throws.
 *
 * @returns The value itself if it shows no secret, else a copy, in which a URL is a text, and a request or response is its
 *   `url` and `headers`.
 */
export const redactedData = <T>(value: T): T => {
  try {
    return new Copier().copy(value, 0) as T;
  } catch {
    return unreadable as T;
  }
};

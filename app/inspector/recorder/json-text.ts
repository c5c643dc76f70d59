import type { AnyActorRef } from 'xstate';
import { maxContext } from '../wire.ts';

/** What a value may come to. */
export interface Bounds {
  /** Characters of JSON, about. */
  readonly characters: number;
  readonly depth: number;
  /** Members of an array or an object. */
  readonly members: number;
  /** Characters of a text. */
  readonly text: number;
}

export interface JsonTextParts {
  /** Masks the secrets of a text. */
  readonly redacted: (text: string) => string;
  /** Names an actor. */
  readonly nameOf: (actor: AnyActorRef) => string;
}

/** How much more of a long text is searched for secrets than is shown: as long as the longest of them. */
const overhang = 4096;
/** A text without secrets is shorter than the shortest of them. */
const harmless = 8;
const maxKnown = 2048;
const maxKnownLength = 64;

const isActor = (value: object): value is AnyActorRef =>
  'sessionId' in value && 'send' in value && typeof value.send === 'function';

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Array.isArray(value);
};

const dateText = (date: Date): string => (Number.isNaN(date.getTime()) ? 'Invalid Date' : date.toISOString());

const isShownBy = (value: object): value is { toJSON(): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function';

const classOf = (value: object): string => `(${value.constructor.name || 'object'})`;

/** What JSON can't hold, as something that it can; a plain object or an array is itself. */
const simplified = (value: object, { nameOf }: JsonTextParts): unknown => {
  if (isPlain(value)) return value;
  if (isActor(value)) return { actor: nameOf(value) };
  if (value instanceof Error) {
    const { code, cause } = value as { code?: unknown; cause?: unknown };
    return {
      name: value.name,
      ...(code !== undefined && { code }),
      message: value.message,
      ...(cause !== undefined && { cause }),
    };
  }
  if (value instanceof Map || value instanceof Set) return [...(value as Iterable<unknown>)];
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `(${value.byteLength} bytes)`;
  if (value instanceof Date) return dateText(value);
  return isShownBy(value) ? value.toJSON() : classOf(value);
};

/** Writes anything as JSON: without secrets and actors, within bounds, and never throwing. */
export interface JsonText {
  (value: unknown, bounds?: Partial<Bounds>): string;
  /** Writes a text that comes often. */
  text(text: string): string;
  /** Forgets what was found harmless: there may be new secrets. */
  forget(): void;
}

const defaultBounds: Bounds = { characters: maxContext, depth: 8, members: 100, text: 1024 };

/** Writes texts without secrets, the first characters of long ones. */
const createTexts = ({ redacted }: JsonTextParts) => {
  const known = new Map<string, string>();
  const write = (given: string, most: number): string => {
    const searched = given.length < harmless ? given : redacted(given.slice(0, most + overhang));
    return JSON.stringify(searched.length > most ? `${searched.slice(0, most)}…` : searched);
  };
  return {
    known,
    text: (given: string, most = given.length): string => {
      if (given.length > Math.min(maxKnownLength, most)) return write(given, most);
      const before = known.get(given);
      if (before !== undefined) return before;
      const json = write(given, most);
      if (known.size >= maxKnown) known.clear();
      known.set(given, json);
      return json;
    },
  };
};

/** Writes one value as JSON. */
class Writer {
  readonly #parts: JsonTextParts;
  readonly #text: (text: string, most: number) => string;
  readonly #bounds: Bounds;
  #left: number;
  readonly #path: object[] = [];

  constructor(parts: JsonTextParts, text: (text: string, most: number) => string, bounds: Bounds) {
    this.#parts = parts;
    this.#text = text;
    this.#bounds = bounds;
    this.#left = bounds.characters;
  }

  write(value: unknown): string {
    if (typeof value === 'object' && value !== null) return this.#object(value);
    const json = this.#scalar(value);
    this.#left -= json.length;
    return json;
  }

  #scalar(value: unknown): string {
    if (typeof value === 'string') return this.#text(value, Math.max(0, Math.min(this.#bounds.text, this.#left)));
    if (typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return String(value);
    if (typeof value === 'function') return this.#text(`(${value.name || 'function'})`, this.#bounds.text);
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'symbol')
      return this.#text(String(value), this.#bounds.text);
    return 'null';
  }

  #object(value: object): string {
    const simple = simplified(value, this.#parts);
    if (typeof simple !== 'object' || simple === null) return this.write(simple);
    if (this.#path.length >= this.#bounds.depth || this.#path.includes(value)) return '"…"';
    this.#path.push(value);
    try {
      return Array.isArray(simple) ? this.#array(simple) : this.#members(simple);
    } finally {
      this.#path.pop();
    }
  }

  #array(array: readonly unknown[]): string {
    const shown = this.#shownOf(array, (member) => this.write(member));
    return `[${(shown.isWhole ? shown.texts : [...shown.texts, '"…"']).join(',')}]`;
  }

  #members(object: object): string {
    const shown = this.#shownOf(Object.keys(object), (name) => {
      const member: unknown = Reflect.get(object, name);
      return member === undefined ? undefined : `${this.write(name)}:${this.write(member)}`;
    });
    return `{${(shown.isWhole ? shown.texts : [...shown.texts, '"…":"…"']).join(',')}}`;
  }

  /** As many members as there is room for. */
  #shownOf<T>(members: readonly T[], show: (member: T) => string | undefined) {
    const texts: string[] = [];
    for (const member of members.slice(0, this.#bounds.members)) {
      if (this.#left <= 0) return { texts, isWhole: false };
      const text = show(member);
      if (text !== undefined) texts.push(text);
    }
    return { texts, isWhole: members.length <= this.#bounds.members };
  }
}

/** Creates a writer of JSON for what may hold secrets. */
export const createJsonText = (parts: JsonTextParts): JsonText => {
  const { text, known } = createTexts(parts);
  const write = (value: unknown, bounds?: Partial<Bounds>): string => {
    try {
      return new Writer(parts, text, { ...defaultBounds, ...bounds }).write(value);
    } catch {
      // A getter or a proxy that throws, which only its own program reads.
      return '"(unreadable)"';
    }
  };
  return Object.assign(write, { text: (given: string) => text(given), forget: () => known.clear() });
};

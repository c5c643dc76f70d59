import { failureOf, PayloadError, textOf } from '../../../services/errors.ts';

/** What a Standard Schema says of a value. @see https://standardschema.dev */
type Verdict<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] };

/** A schema of zod, valibot, arktype and others, which answers at once. @see https://standardschema.dev */
export interface StandardSchema<T> {
  /** What the standard asks for. */
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Verdict<T> | Promise<Verdict<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/**
 * Checks the JSON of a message, and makes a value of it: a function that throws for what it does not take, an object with
 * such a `parse`, or a Standard Schema, such as one of zod, valibot or arktype.
 */
export type Codec<T = unknown> =
  ((value: unknown) => T) | { readonly parse: (value: unknown) => T } | StandardSchema<T>;

/** What a codec makes of a message; `unknown` without one. */
export type Decoded<TCodec> = TCodec extends { readonly '~standard': { readonly types?: infer TTypes } }
  ? NonNullable<TTypes> extends { readonly output: infer T }
    ? T
    : unknown
  : TCodec extends { readonly parse: (value: unknown) => infer T }
    ? T
    : TCodec extends (value: unknown) => infer T
      ? T
      : unknown;

/** Makes a value of a message's text. @throws {PayloadError} */
export type Decoder = (text: string) => unknown;

/** What a schema does not like, and where. */
interface Issue {
  readonly message: string;
  readonly path?: readonly unknown[] | undefined;
}

const maxIssues = 3;
const maxLength = 200;
/** The shortest payload that no error quotes as a whole: a shorter one could be any word of it. */
const minQuote = 8;

const segmentText = (segment: unknown): string =>
  textOf(typeof segment === 'object' && segment !== null && 'key' in segment ? segment.key : segment);

const issueText = ({ message, path = [] }: Issue): string =>
  path.length === 0 ? textOf(message) : `${path.map(segmentText).join('.')}: ${textOf(message)}`;

/** The issues of a schema's own error, such as a ZodError. */
const issuesOf = (thrown: unknown): readonly Issue[] | undefined =>
  thrown instanceof Error && 'issues' in thrown && Array.isArray(thrown.issues) ? thrown.issues : undefined;

/** The error of a message that a codec refuses: it says why, and never quotes the payload as a whole. */
const refusalOf = (key: string, text: string, cause: unknown): PayloadError => {
  const said = issuesOf(cause)?.slice(0, maxIssues).map(issueText).join('; ') ?? failureOf(cause).message;
  const reason = text.length < minQuote ? said : said.replaceAll(text, '…');
  return new PayloadError('invalid', `The codec of ${key} refused a message: ${reason.slice(0, maxLength)}`, { cause });
};

/** Parses JSON; the parser's own error would quote the payload. @throws {PayloadError} `malformed` */
const parseJson = (key: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new PayloadError('malformed', `A message of ${key} is not JSON, as its codec needs it. Correct its sender.`);
  }
};

/** Asks a Standard Schema. @throws {Error} Its issues. */
const validated = ({ '~standard': { validate } }: StandardSchema<unknown>, given: unknown): unknown => {
  const verdict = validate(given);
  if (verdict instanceof Promise) {
    verdict.catch(() => undefined);
    throw new TypeError('it answers later. Give a schema without asynchronous checks.');
  }
  if (verdict.issues) throw Object.assign(new Error('The schema found issues'), { issues: verdict.issues });
  return verdict.value;
};

/** The function that a codec is, or has. */
const functionOf = (codec: Codec): ((value: unknown) => unknown) => {
  if ('~standard' in codec) return (value) => validated(codec, value);
  return 'parse' in codec ? (value) => codec.parse(value) : codec;
};

/** Makes the decoder of a topic key's messages. */
export const createDecoder = (key: string, codec: Codec): Decoder => {
  const decode = functionOf(codec);
  return (text) => {
    const value = parseJson(key, text);
    try {
      return decode(value);
    } catch (thrown) {
      throw refusalOf(key, text, thrown);
    }
  };
};

/** Decoders of the topics that have a codec, by the list of keys that each message of such a topic carries. */
const decoders = new WeakMap<readonly string[], Decoder>();

/** Sets the decoder of a topic's messages. @param keys The very list that they carry. */
export const decodeWith = (keys: readonly string[], decoder: Decoder): void => void decoders.set(keys, decoder);

/** The decoder of a message, by the list of keys that it carries; `undefined` without one. */
export const decoderOf = (keys: readonly string[]): Decoder | undefined => decoders.get(keys);

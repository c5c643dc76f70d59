/**
 * Secrets of this process, and the texts that must not show them. Whoever reads a secret hides it here; whoever shows
 * something passes it through here first: errors at their birth, the log, the terminal, an observer of the actors.
 */

/** A shorter text is too common to be masked. */
const minLength = 8;
/** Texts to look for that are kept, for ten thousand units at least; the oldest are given up first. */
const maxNeedles = 500_000;

const mask = '***';

/** Texts to look for, as {@link comparable} shows them. */
const needles = new Set<string>();

/** Needles that begin alike, as the tokens of all units do: found by their lengths, however many there are. */
interface Bucket {
  /** The longest first. */
  readonly lengths: number[];
  readonly byLength: Map<number, Set<string>>;
}

/** The same needles by their first characters. */
const byStart = new Map<string, Bucket>();

/** How many starts have three first characters of a hash: a text has few places that need a closer look. */
const beginnings = new Uint32Array(4096);

const hashAt = (text: string, at: number): number =>
  (text.charCodeAt(at) * 961 + text.charCodeAt(at + 1) * 31 + text.charCodeAt(at + 2)) % beginnings.length;

const countBeginning = (start: string, by: 1 | -1): void => {
  const hash = hashAt(start, 0);
  beginnings[hash] = (beginnings[hash] ?? 0) + by;
};

/** A text in which the letter case and the two alphabets of base64 make no difference. */
const comparable = (text: string): string => text.toLowerCase().replaceAll('-', '+').replaceAll('_', '/');

/** The bytes of a text, each as one character, as `btoa` takes them. */
const bytesOf = (text: string): string => {
  let bytes = '';
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte);
  return bytes;
};

/** What base64 shows of a text wherever it stands in the encoded whole: three alignments, without what its neighbours share. */
const base64Cores = (text: string): string[] => {
  const bytes = bytesOf(text);
  return ['', '\0', '\0\0'].map((before) => {
    const shifted = before + bytes;
    return btoa(shifted).slice(Math.ceil((before.length * 8) / 6), Math.floor((shifted.length * 8) / 6));
  });
};

const bucketOf = (start: string): Bucket => {
  const found = byStart.get(start);
  if (found) return found;
  const bucket = { lengths: [], byLength: new Map<number, Set<string>>() };
  byStart.set(start, bucket);
  countBeginning(start, 1);
  return bucket;
};

const add = (text: string): void => {
  const needle = comparable(text);
  if (needle.length < minLength || needles.has(needle)) return;
  needles.add(needle);
  const { lengths, byLength } = bucketOf(needle.slice(0, minLength));
  const alike = byLength.get(needle.length);
  if (alike) return void alike.add(needle);
  byLength.set(needle.length, new Set([needle]));
  lengths.push(needle.length);
  lengths.sort((one, other) => other - one);
};

const drop = (needle: string): void => {
  needles.delete(needle);
  const start = needle.slice(0, minLength);
  const { lengths, byLength } = bucketOf(start);
  const alike = byLength.get(needle.length);
  alike?.delete(needle);
  if (alike?.size !== 0) return;
  byLength.delete(needle.length);
  lengths.splice(lengths.indexOf(needle.length), 1);
  if (lengths.length > 0) return;
  byStart.delete(start);
  countBeginning(start, -1);
};

/** Finds the longest needle at a position. @returns Its length. */
const lengthAt = (looked: string, at: number): number | undefined => {
  const bucket = byStart.get(looked.slice(at, at + minLength));
  return bucket?.lengths.find((length) => bucket.byLength.get(length)?.has(looked.slice(at, at + length)));
};

/**
 * Hides values for the rest of this process, in any letter case, and as base64, percent-encoded and JSON shows them; also
 * each part of a JWT. Values of less than eight characters are too common, and stay.
 */
export const hideSecrets = (values: readonly string[]): void => {
  for (const value of values) {
    if (value.length < minLength || needles.has(comparable(value))) continue;
    for (const part of new Set([value, value.replace(/=+$/, ''), ...value.split('.')])) {
      if (part.length >= minLength) for (const text of [part, ...base64Cores(part)]) add(text);
    }
  }
  for (const oldest of needles) {
    if (needles.size <= maxNeedles) break;
    drop(oldest);
  }
};

/** Masks what is there to be read. @returns The text itself if that is nothing. */
const masked = (text: string): string => {
  const looked = comparable(text);
  // A few letters change their length with their case: then the compared text is shown.
  const shown = looked.length === text.length ? text : looked;
  let out = '';
  let kept = 0;
  for (let at = 0; at + minLength <= looked.length; at += 1) {
    const length = beginnings[hashAt(looked, at)] === 0 ? undefined : lengthAt(looked, at);
    if (length === undefined) continue;
    out += shown.slice(kept, at) + mask;
    kept = at + length;
    at = kept - 1;
  }
  return kept === 0 ? text : out + shown.slice(kept);
};

const percentDecoded = (escapes: string): string => {
  const bytes = Uint8Array.from(escapes.slice(1).split('%'), (hex) => Number.parseInt(hex, 16));
  return new TextDecoder().decode(bytes);
};

const controls: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

const jsonDecoded = (_: string, hex: string | undefined, letter: string | undefined): string =>
  hex === undefined ? (controls[letter ?? ''] ?? letter ?? '') : String.fromCharCode(Number.parseInt(hex, 16));

const decoders: readonly ((text: string) => string)[] = [
  (text) => text.replaceAll(/(?:%[0-9a-f]{2})+/gi, percentDecoded),
  (text) => text.replaceAll(/\\(?:u([0-9a-f]{4})|(["\\/bfnrt]))/gi, jsonDecoded),
];

/** How often what was encoded is encoded once more. */
const maxDecodings = 3;

/** Masks what shows once a text is decoded. @returns `undefined` if that is nothing. */
const maskedDecoded = (text: string, times = maxDecodings): string | undefined => {
  if (times === 0 || !/[%\\]/.test(text)) return undefined;
  for (const decode of decoders) {
    const readable = decode(text);
    if (readable === text) continue;
    const clean = masked(readable);
    const found = clean === readable ? maskedDecoded(readable, times - 1) : clean;
    if (found !== undefined) return found;
  }
  return undefined;
};

/** User name and password in a URL, of whatever server. */
const withoutUserInfo = (text: string): string =>
  text.includes('@') ? text.replaceAll(/(?<=[a-z]:\/\/)[^\s/?#@"'<>]*@/gi, `${mask}@`) : text;

/** A text as it may be shown: without the secrets of this process, however they are encoded, and without passwords in URLs. */
export const redacted = (text: string): string => {
  const plain = withoutUserInfo(text);
  if (needles.size === 0) return plain;
  const shown = masked(plain);
  return maskedDecoded(shown) ?? shown;
};

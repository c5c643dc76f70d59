import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { FirmwareError, StorageError } from '../../../services/errors.ts';
import type { JsonValue } from '../../../services/json.ts';
import { parseRelease, signedText } from '../../shared/archive/release.ts';
import type { Release, ReleaseContent } from '../../shared/archive/release.ts';
import { replaceFile } from '../fs/durable-file.ts';
import { ioError } from '../fs/errors.ts';
import { readJson } from '../fs/read-json.ts';

/** Prefix of an Ed25519 public key in SubjectPublicKeyInfo, before its 32 bytes (RFC 8410, section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const publicBytes = 32;

const notAKey = (what: string, cause?: unknown) =>
  new FirmwareError('unsigned', `${what} is no Ed25519 key. Make a pair with pepeunit pack --keygen.`, { cause });

const ed25519 = (what: string, read: () => KeyObject): KeyObject => {
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw notAKey(what, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw notAKey(what);
  return key;
};

/**
 * Reads a public key.
 *
 * @param text PEM, or the key's 32 bytes in base64.
 * @throws {FirmwareError} `unsigned` if it is not a key: nothing could be trusted.
 */
export const publicKey = (text: string): KeyObject =>
  ed25519('The trust key', () => {
    if (text.includes('-----BEGIN')) return createPublicKey(text);
    const raw = Buffer.from(text.trim(), 'base64');
    if (raw.length !== publicBytes) throw new RangeError(`${raw.length} bytes instead of ${publicBytes}`);
    return createPublicKey({ key: Buffer.concat([spkiPrefix, raw]), format: 'der', type: 'spki' });
  });

/** Reads a private key in PEM. @throws {FirmwareError} `unsigned` */
export const privateKey = (pem: string): KeyObject => ed25519('The signing key', () => createPrivateKey(pem));

/** Creates a pair: the private key in PEM, the public one in base64. */
export const newKeyPair = (): { readonly privatePem: string; readonly publicText: string } => {
  const pair = generateKeyPairSync('ed25519');
  return {
    privatePem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicText: pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length).toString('base64'),
  };
};

/** Signs a version's content. The same content and key give the same signature (RFC 8032, Ed25519). */
export const signRelease = (content: ReleaseContent, key: KeyObject): Release => ({
  format: 1,
  ...content,
  signature: sign(null, Buffer.from(signedText(content)), key).toString('base64'),
});

/** Whether one of these keys signed a release. */
export const isSignedBy = (release: Release, keys: readonly KeyObject[]): boolean => {
  const signature = Buffer.from(release.signature, 'base64');
  return keys.some((key) => verify(null, Buffer.from(signedText(release)), key, signature));
};

const maxReleaseBytes = 16 * 1024 * 1024;

/** Reads a release's file; `undefined` if it is missing or damaged. @throws {FirmwareError} `io` */
export const readReleaseFile = async (path: string): Promise<JsonValue | undefined> => {
  try {
    return await readJson(path, maxReleaseBytes);
  } catch (cause) {
    if (cause instanceof StorageError) return undefined;
    throw ioError("The firmware's release can't be read", cause);
  }
};

/** Options of a signed release. */
export interface Signing {
  readonly content: Omit<ReleaseContent, 'release'>;
  readonly key: KeyObject;
  /** @defaultValue the number in the existing file if it covers the same content, else the next one */
  readonly release?: number;
}

/** The release in a file, if this key signed it. */
const existing = async (path: string, { content: { kind }, key }: Signing): Promise<Release | undefined> => {
  const value = await readReleaseFile(path);
  try {
    const release = parseRelease(value, kind);
    return isSignedBy(release, [createPublicKey(key)]) ? release : undefined;
  } catch (cause) {
    if (cause instanceof FirmwareError) return undefined;
    throw cause;
  }
};

const sorted = (paths: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(paths).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** Signs a release and writes its file. The same content and key give the same text. */
export const writeRelease = async (path: string, signing: Signing): Promise<Release> => {
  const { kind, files, links = {} } = signing.content;
  const content = {
    kind,
    files: sorted(files),
    ...(Object.keys(links).length > 0 && { links: sorted(links) }),
  };
  const before = await existing(path, signing);
  const isSame =
    before !== undefined &&
    JSON.stringify([before.files, before.links]) === JSON.stringify([content.files, content.links]);
  const next = isSame ? before.release : (before?.release ?? 0) + 1;
  const release = signRelease({ release: signing.release ?? next, ...content }, signing.key);
  await replaceFile(path, `${JSON.stringify(release, null, 2)}\n`, { mode: 0o644 });
  return release;
};

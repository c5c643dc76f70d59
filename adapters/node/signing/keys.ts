import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type KeyObject } from 'node:crypto';
import { FirmwareError } from '../../../services/errors.ts';
import { signedText, type Release, type ReleaseContent } from '../../shared/archive/release.ts';

/** What stands before the 32 bytes of an Ed25519 public key in its SubjectPublicKeyInfo (RFC 8410, section 4). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const publicBytes = 32;

const noKey = (what: string, cause?: unknown) =>
  new FirmwareError('unsigned', `${what} is no Ed25519 key. Make a pair with pepeunit pack --keygen.`, { cause });

const ed25519 = (what: string, read: () => KeyObject): KeyObject => {
  let key: KeyObject;
  try {
    key = read();
  } catch (cause) {
    throw noKey(what, cause);
  }
  if (key.asymmetricKeyType !== 'ed25519') throw noKey(what);
  return key;
};

/**
 * Reads a public key.
 *
 * @param text PEM, or the key's 32 bytes in base64.
 * @throws {FirmwareError} `unsigned` when it is none: nothing can be trusted then.
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

/** Makes a pair: the private key in PEM, the public one in base64. */
export const newKeyPair = (): { readonly privatePem: string; readonly publicText: string } => {
  const pair = generateKeyPairSync('ed25519');
  return {
    privatePem: pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
    publicText: pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length).toString('base64'),
  };
};

/** Signs what a version consists of (RFC 8032, Ed25519: the same content and key give the same signature). */
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

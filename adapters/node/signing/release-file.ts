import { createPublicKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { FirmwareError } from '../../../services/errors.ts';
import { parseRelease, type Release, type ReleaseKind } from '../../shared/archive/release.ts';
import { replaceFile } from '../fs/durable-file.ts';
import { codeOf } from '../fs/errors.ts';
import { isSignedBy, signRelease } from './keys.ts';

/** What to sign, and how. */
export interface Signing {
  readonly kind: ReleaseKind;
  readonly files: Readonly<Record<string, string>>;
  readonly key: KeyObject;
  /** @defaultValue the one there is, when it is of the same files; else one more */
  readonly release?: number;
}

const existing = async (path: string, { kind, key }: Signing): Promise<Release | undefined> => {
  try {
    const release = parseRelease(JSON.parse(await readFile(path, 'utf8')), kind);
    return isSignedBy(release, [createPublicKey(key)]) ? release : undefined;
  } catch (cause) {
    if (cause instanceof FirmwareError || cause instanceof SyntaxError || codeOf(cause) === 'ENOENT') return undefined;
    throw cause;
  }
};

const sorted = (files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** Signs a release and puts it into its file; the same files and key give the same text. @returns The release. */
export const writeRelease = async (path: string, signing: Signing): Promise<Release> => {
  const { kind, key } = signing;
  const files = sorted(signing.files);
  const before = await existing(path, signing);
  const isSame = before !== undefined && JSON.stringify(before.files) === JSON.stringify(files);
  const next = isSame ? before.release : (before?.release ?? 0) + 1;
  const release = signRelease({ kind, release: signing.release ?? next, files }, key);
  await replaceFile(path, `${JSON.stringify(release, null, 2)}\n`, { mode: 0o644 });
  return release;
};

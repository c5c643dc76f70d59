import { FirmwareError } from '../../../services/errors.ts';
import { isJsonObject } from '../../../services/json.ts';

/** Name of the release at a tree's root. */
export const releaseName = 'pepeunit-release.json';

/** Kind of a release: the files of a version, or the one program of a compilable unit. */
export type ReleaseKind = 'tree' | 'program';

/** Content of a release. */
export interface ReleaseContent {
  readonly kind: ReleaseKind;
  /** Number that grows with each release. */
  readonly release: number;
  /** SHA-256 of each file in hexadecimal, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** A release in the format of its file. */
export interface Release extends ReleaseContent {
  readonly format: 1;
  /** Ed25519 signature of {@link signedText}, in base64. */
  readonly signature: string;
}

/** Files at the root that no release covers: those the instance writes for each unit, and the release itself. */
const uncovered = new Set(['env.json', 'schema.json', releaseName]);

/** Whether a release must list this file. */
export const isCovered = (path: string): boolean => !uncovered.has(path);

/** The signed text: its purpose, the release, then each file in order. */
export const signedText = ({ kind, release, files }: ReleaseContent): string =>
  [
    `pepeunit ${kind} release 1`,
    String(release),
    ...Object.keys(files)
      .toSorted()
      .map((path) => `${files[path]} ${path}`),
    '',
  ].join('\n');

const isDigest = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isPath = (path: string): boolean => path !== '' && !/\p{Cc}/u.test(path);

const isRelease = (value: unknown): value is Release => {
  if (!isJsonObject(value)) return false;
  const { format, kind, release, files, signature } = value;
  return (
    format === 1 &&
    (kind === 'tree' || kind === 'program') &&
    Number.isSafeInteger(release) &&
    (release as number) >= 1 &&
    isJsonObject(files) &&
    Object.entries(files).every(([path, digest]) => isPath(path) && isDigest(digest)) &&
    typeof signature === 'string'
  );
};

const advice = 'Pack and sign the version again, or send another one.';

/** Reads a release. @throws {FirmwareError} `unsigned` if it is not a valid one */
export const parseRelease = (value: unknown, kind: ReleaseKind): Release => {
  if (value === undefined) throw new FirmwareError('unsigned', `The firmware holds no signed release. ${advice}`);
  if (!isRelease(value) || value.kind !== kind) {
    throw new FirmwareError('unsigned', `The firmware's release is damaged, or of another kind. ${advice}`);
  }
  return value;
};

const tampered = (path: string, why: string) =>
  new FirmwareError('tampered', `The firmware was changed after it was signed: ${path} ${why}. ${advice}`);

/** Checks a tree's files against its release. @throws {FirmwareError} `tampered`, with the first file that differs */
export const checkFiles = ({ files }: ReleaseContent, digests: ReadonlyMap<string, string>): void => {
  for (const [path, digest] of digests) {
    const wanted = Object.hasOwn(files, path) ? files[path] : undefined;
    if (wanted === undefined) throw tampered(path, 'is not part of the release');
    if (wanted !== digest) throw tampered(path, 'has another content');
  }
  for (const path of Object.keys(files)) if (!digests.has(path)) throw tampered(path, 'is missing');
};

/** Checks that a release is not older than the newest trusted one. @throws {FirmwareError} `outdated` */
export const checkNewest = ({ release }: ReleaseContent, newest: number): void => {
  if (release >= newest) return;
  throw new FirmwareError(
    'outdated',
    `The firmware is release ${release}, older than the newest trusted one, ${newest}. Send a newer version.`,
  );
};

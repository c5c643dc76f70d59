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
  /** Target of each symbolic link, by path. @defaultValue none */
  readonly links?: Readonly<Record<string, string>>;
}

/** What a release covers of a tree. */
export interface TreeContent {
  /** SHA-256 of each file in hexadecimal, by path. */
  readonly files: ReadonlyMap<string, string>;
  /** Target of each symbolic link, by path. */
  readonly links: ReadonlyMap<string, string>;
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

/** The signed text: its purpose, the release, then each file and each link in order. */
export const signedText = ({ kind, release, files, links = {} }: ReleaseContent): string =>
  [
    `pepeunit ${kind} release 1`,
    String(release),
    ...Object.keys(files)
      .toSorted()
      .map((path) => `${files[path]} ${path}`),
    ...Object.keys(links)
      .toSorted()
      .map((path) => `link ${JSON.stringify([path, links[path]])}`),
    '',
  ].join('\n');

const isDigest = (value: unknown): boolean => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);
const isPath = (path: string): boolean => path !== '' && !/\p{Cc}/u.test(path);

const isRelease = (value: unknown): value is Release => {
  if (!isJsonObject(value)) return false;
  const { format, kind, release, files, links = {}, signature } = value;
  return (
    format === 1 &&
    (kind === 'tree' || kind === 'program') &&
    Number.isSafeInteger(release) &&
    (release as number) >= 1 &&
    isJsonObject(files) &&
    Object.entries(files).every(([path, digest]) => isPath(path) && isDigest(digest)) &&
    isJsonObject(links) &&
    Object.entries(links).every(([path, target]) => isPath(path) && typeof target === 'string') &&
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

const checkPart = (
  wanted: Readonly<Record<string, string>>,
  found: ReadonlyMap<string, string>,
  difference: string,
): void => {
  for (const [path, value] of found) {
    if (!Object.hasOwn(wanted, path)) throw tampered(path, 'is not part of the release');
    if (wanted[path] !== value) throw tampered(path, difference);
  }
  for (const path of Object.keys(wanted)) if (!found.has(path)) throw tampered(path, 'is missing');
};

/** Checks a tree against its release. @throws {FirmwareError} `tampered`, with the first path that differs */
export const checkContent = ({ files, links = {} }: ReleaseContent, found: TreeContent): void => {
  checkPart(files, found.files, 'has another content');
  checkPart(links, found.links, 'leads elsewhere');
};

/** Checks that a release is not older than the newest trusted one. @throws {FirmwareError} `outdated` */
export const checkNewest = ({ release }: ReleaseContent, newest: number): void => {
  if (release >= newest) return;
  throw new FirmwareError(
    'outdated',
    `The firmware is release ${release}, older than the newest trusted one, ${newest}. Send a newer version.`,
  );
};

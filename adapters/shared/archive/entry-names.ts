import type { ArchiveLimits } from '../../../services/firmware.ts';
import { hostile, tooLarge } from './errors.ts';

/** Kind of an entry. */
export type EntryKind = 'file' | 'folder' | 'link';

/** What names a host can't hold. */
export interface NameRules {
  /** Whether the host is Windows: names of devices, colons, and dots or spaces at the end mean something else to it. */
  readonly isWindows: boolean;
  /** Whether the disk finds a file by another spelling of its name: in another case, or composed otherwise. */
  readonly foldsNames: boolean;
}

/** Rules of a host that takes every name as it is. */
export const exactNames: NameRules = { isWindows: false, foldsNames: false };

/** The error of a name. */
export const hostileName = (name: string, why: string) => hostile(`${JSON.stringify(name.slice(0, 200))} ${why}`);

/** Maximum bytes of one name, on every common file system. */
const maxNameBytes = 255;

/** Device names on Windows, whatever follows the first dot (learn.microsoft.com, "Naming Files"). */
const deviceName = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;

const checkForWindows = (part: string, name: string): void => {
  if (part.includes(':')) throw hostileName(name, 'has a colon, which names a drive or a stream on Windows');
  if (deviceName.test(part)) throw hostileName(name, 'is the name of a device on Windows');
  if (/[. ]$/.test(part)) throw hostileName(name, 'ends with a dot or a space, which Windows leaves out');
};

const checkPart = (part: string, name: string, { isWindows }: NameRules): void => {
  if (part === '..') throw hostileName(name, 'leads out of its folder');
  if (isWindows) checkForWindows(part, name);
  if (new TextEncoder().encode(part).length > maxNameBytes) {
    throw tooLarge(`a name is longer than ${maxNameBytes} bytes`);
  }
};

/** Checks the text of a name or of a link's target. @throws {FirmwareError} `hostile`, `tooLarge` */
export const checkText = (name: string, { pathLength }: Pick<ArchiveLimits, 'pathLength'>): void => {
  if (name.length > pathLength) throw tooLarge(`a path is longer than ${pathLength} characters`);
  if (/[\p{Cc}\p{Surrogate}\uFFFD]/u.test(name)) throw hostileName(name, 'has control characters or is no text');
  if (name.includes('\\')) throw hostileName(name, 'has a backslash');
  if (name.startsWith('/')) throw hostileName(name, 'is an absolute path');
};

/**
 * Checks the name of an entry, with its extension header applied, and normalises it to `a/b/c`.
 *
 * @returns `''` for the archive's own root.
 * @throws {FirmwareError} `hostile`, `tooLarge`
 */
export const entryPath = (
  name: string,
  kind: EntryKind,
  limits: Pick<ArchiveLimits, 'pathLength' | 'depth'>,
  rules: NameRules,
): string => {
  checkText(name, limits);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts) checkPart(part, name, rules);
  if (parts.length === 0 && (kind !== 'folder' || name === '')) throw hostileName(name, 'names no file');
  if (parts.length > limits.depth) throw tooLarge(`a path is deeper than ${limits.depth} folders`);
  if (kind !== 'folder' && /(?:^|\/)\.?$/.test(name)) throw hostileName(name, `is a ${kind} with the name of a folder`);
  return parts.join('/');
};

/** The path as seen by a file system that ignores case, composes characters and skips invisible ones. */
const folded = (path: string): string =>
  path
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFC');

/** The place of a path on the disk: equal for all of its spellings. */
export const placeOf = (path: string, { foldsNames }: NameRules): string => (foldsNames ? folded(path) : path);

/** Whether a path belongs to the client itself, on any file system: `.pepeunit` and its temporary files. */
export const isClientsOwn = (path: string): boolean =>
  /^(?:\.pepeunit(?:-.*)?|pepeun~\d+)$/.test(folded(path.split('/', 1)[0] ?? ''));

/** Refuses two entries of an archive that share one place on the disk. */
export const createNameRegister = (rules: NameRules) => {
  const seen = new Map<string, { path: string; kind: EntryKind; isOwnEntry: boolean }>();
  const addParent = (path: string, name: string) => {
    const place = placeOf(path, rules);
    const before = seen.get(place);
    if (!before) return void seen.set(place, { path, kind: 'folder', isOwnEntry: false });
    if (before.kind !== 'folder') throw hostileName(name, `lies in a folder that is a ${before.kind}`);
    if (before.path !== path) throw hostileName(name, 'differs from another name in case or composition alone');
  };
  return {
    /** @throws {FirmwareError} `hostile` if the place is taken. */
    add: (path: string, kind: EntryKind): void => {
      const parts = path.split('/');
      for (let depth = 1; depth < parts.length; depth += 1) addParent(parts.slice(0, depth).join('/'), path);
      const place = placeOf(path, rules);
      const before = seen.get(place);
      if (before && (before.isOwnEntry || kind !== 'folder' || before.path !== path)) {
        throw hostileName(path, 'is there twice');
      }
      seen.set(place, { path, kind, isOwnEntry: true });
    },
  };
};

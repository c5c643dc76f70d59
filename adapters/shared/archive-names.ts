import { FirmwareError } from '../../services/errors.ts';

/** What a path in an archive stands for. */
export type EntryKind = 'file' | 'folder';

const hostile = (name: string, why: string) =>
  new FirmwareError(
    'hostile',
    `The archive was refused: ${JSON.stringify(name.slice(0, 200))} ${why}. Build the version again on the instance.`,
  );

/**
 * Checks one name, as the archive's last word on it resolves, and brings it to the form `a/b/c`.
 *
 * @returns `''` for the archive's own root.
 * @throws {FirmwareError} `hostile`, `tooLarge`
 */
export const entryPath = (name: string, kind: EntryKind, mostLength: number): string => {
  if (name.length > mostLength) {
    throw new FirmwareError('tooLarge', `The archive was refused: a path is longer than ${mostLength} characters.`);
  }
  if (/[\p{Cc}\p{Surrogate}\uFFFD]/u.test(name)) throw hostile(name, 'has control characters or is no text');
  if (name.includes('\\')) throw hostile(name, 'has a backslash');
  if (name.startsWith('/')) throw hostile(name, 'is an absolute path');
  if (/^[a-z]:/i.test(name)) throw hostile(name, 'begins with a drive letter');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw hostile(name, 'leads out of its folder');
  if (parts.length === 0 && (kind === 'file' || name === '')) throw hostile(name, 'names no file');
  if (kind === 'file' && /(?:^|\/)\.?$/.test(name)) throw hostile(name, 'is a file with the name of a folder');
  return parts.join('/');
};

/** How a file system that folds case and composes characters sees a path. */
const folded = (path: string): string => path.normalize('NFC').toLowerCase();

/** Sees to it that no two entries of an archive meet in one place, on any file system. */
export const nameRegister = () => {
  const seen = new Map<string, { path: string; kind: EntryKind; isOwnEntry: boolean }>();
  const addParent = (path: string, name: string) => {
    const before = seen.get(folded(path));
    if (!before) return void seen.set(folded(path), { path, kind: 'folder', isOwnEntry: false });
    if (before.kind === 'file') throw hostile(name, 'lies in a folder that is a file');
    if (before.path !== path) throw hostile(name, 'differs from another name in case alone');
  };
  return {
    /** @throws {FirmwareError} `hostile` when the place is taken. */
    add: (path: string, kind: EntryKind): void => {
      const parts = path.split('/');
      for (let depth = 1; depth < parts.length; depth += 1) addParent(parts.slice(0, depth).join('/'), path);
      const before = seen.get(folded(path));
      if (before && (before.isOwnEntry || kind === 'file' || before.path !== path)) {
        throw hostile(path, 'is there twice');
      }
      seen.set(folded(path), { path, kind, isOwnEntry: true });
    },
  };
};

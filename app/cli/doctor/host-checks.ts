import { access, constants, stat, statfs } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { codeOf } from '../../../adapters/node/fs/errors.ts';
import { boundsOf } from '../../messaging/outbound/options.ts';
import { thisPackage } from '../../terminal/package.ts';
import { check, type Check } from './check.ts';
import { failed, ok, skipped, warning } from './finding.ts';

/** Whether a version of Node is in a range of the form `>=20.19.0`; `undefined` for other ranges. */
export const isInRange = (version: string, range: string): boolean | undefined => {
  const [, least] = /^\s*>=\s*v?(\d+(?:\.\d+){0,2})\s*$/.exec(range) ?? [];
  if (least === undefined) return undefined;
  const numbers = version.split('.').map(Number);
  for (const [at, text] of least.split('.').entries()) {
    const difference = (numbers[at] ?? 0) - Number(text);
    if (difference !== 0) return difference > 0;
  }
  return true;
};

/** Checks that this package runs on this version of Node. */
export const nodeCheck = () =>
  check('Node', {}, async () => {
    const { node: version } = process.versions;
    if (isInRange(version, thisPackage.node) !== false) return ok(version, undefined);
    return failed(
      `Node ${version} runs here, and ${thisPackage.name} needs ${thisPackage.node}.`,
      'Install a newer Node.',
    );
  });

/** Checks that the unit's folder is there. */
export const folderCheck = (folder: string) =>
  check('folder', {}, async () => {
    const path = resolve(folder);
    try {
      if ((await stat(path)).isDirectory()) return ok(path, path);
      return failed(`${path} is no folder.`, 'Name the folder that env.json is in.');
    } catch (thrown) {
      if (codeOf(thrown) === 'ENOENT')
        return failed(`There is no folder ${path}.`, 'Name the folder that env.json is in.');
      return failed(
        `${path} can't be reached (${codeOf(thrown) ?? 'unexpected'}).`,
        'Check the permissions of the folders above it.',
      );
    }
  });

const { R_OK, W_OK, X_OK } = constants;

/** What a unit reads and writes in its folder, and the rights that it needs. */
const used = [
  ['.', R_OK | W_OK | X_OK],
  ['env.json', R_OK],
  ['schema.json', R_OK],
  ['log.json', R_OK | W_OK],
  ['.pepeunit', R_OK | W_OK | X_OK],
  ['.pepeunit/outbox', R_OK | W_OK | X_OK],
] as const;

/** Why a path can't be used; `undefined` if it can, or is not there. */
const lackOf = async (path: string, rights: number): Promise<string | undefined> => {
  try {
    await access(path, rights);
    return undefined;
  } catch (thrown) {
    const code = codeOf(thrown) ?? 'unexpected';
    return code === 'ENOENT' ? undefined : code;
  }
};

const ownerOf = async (path: string): Promise<string> => {
  const owner = await stat(path).catch(() => undefined);
  return owner ? `the user ${owner.uid}` : 'another user';
};

/** Checks that this user may read and write what the unit does. */
export const rightsCheck = (folder: string, place: Check) =>
  check('rights', { place }, async () => {
    const lacks = (
      await Promise.all(used.map(async ([name, rights]) => ({ name, code: await lackOf(join(folder, name), rights) })))
    ).filter(({ code }) => code !== undefined);
    const [first] = lacks;
    if (!first) return ok('this user may read and write what the unit does', undefined);
    const path = resolve(folder);
    if (lacks.some(({ code }) => code === 'EROFS')) {
      return failed(
        `The file system of ${path} is read-only: the unit can save neither its log, settings, messages nor updates.`,
        'Mount it for writing; if it has become so by itself, check the disk.',
      );
    }
    // What is in a folder that can't be used can't be, either.
    const outer = lacks.filter(({ name }) => !lacks.some((other) => name.startsWith(`${other.name}/`)));
    const names = outer.map(({ name }) => (name === '.' ? path : name)).join(', ');
    const user = process.getuid?.();
    return failed(
      `The user ${user ?? 'of this process'} can't read and write ${names} (${first.code}); ${await ownerOf(join(folder, first.name))} owns it.`,
      `Run the unit as the owner, or give it the folder: chown -R ${user ?? 'USER'} "${path}".`,
    );
  });

const mebibyte = 1024 * 1024;
/** Below this nothing can be relied on to be saved, and no update begins. */
const leastBytes = mebibyte;
/** The outbox at its limit, which takes twice as much on disk, and room for the next version beside this one. */
const enoughBytes = 2 * boundsOf({}).bytes + 8 * mebibyte;

const inMebibytes = (bytes: number): string => `${(bytes / mebibyte).toFixed(bytes < 10 * mebibyte ? 1 : 0)} MiB`;

/** Checks the free space of the unit's disk. */
export const spaceCheck = (folder: string, place: Check) =>
  check('disk space', { place }, async () => {
    const { bavail, bsize, blocks } = await statfs(folder);
    if (blocks === 0) return skipped('this file system does not tell its size');
    const free = bavail * bsize;
    const told = `${inMebibytes(free)} free`;
    if (free >= enoughBytes) return ok(told, undefined);
    const needs = `a full outbox and an update need ${inMebibytes(enoughBytes)}`;
    if (free >= leastBytes) return warning(`Only ${told}: ${needs}.`, 'Free space on this disk.', undefined);
    return failed(
      `The disk is full (${told}): log, settings and messages can't be saved, and no update begins.`,
      `Free space on this disk: ${needs}.`,
    );
  });

import { lstat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ignoreMissing } from '../../../adapters/node/fs/errors.ts';
import { inside } from '../../../adapters/node/fs/file-tree.ts';
import { filesOf, rulesIn } from '../../instance/model/folder.ts';

/** Files that change what the instance writes for the unit. */
export const exampleNames: readonly string[] = ['env_example.json', 'schema_example.json'];

/** The files of a program and how they were last changed, by path. */
type Snapshot = ReadonlyMap<string, string>;

const snapshotOf = async (folder: string): Promise<Snapshot> => {
  const isIgnored = await rulesIn(folder, '.pepeignore');
  const files = new Map<string, string>();
  for await (const { path } of filesOf(folder, (name) => isIgnored(name) && !exampleNames.includes(name))) {
    const { mtimeMs, size, ino } = (await lstat(inside(folder, path)).catch(ignoreMissing)) ?? {};
    if (ino !== undefined) files.set(path, `${mtimeMs} ${size} ${ino}`);
  }
  return files;
};

const changesOf = (before: Snapshot, now: Snapshot): string[] =>
  [...new Set([...before.keys(), ...now.keys()])].filter((path) => before.get(path) !== now.get(path));

const lookEveryMs = 300;

/**
 * Waits for changes of a program's files, looking at them a few times a second: the folders of editors and of containers
 * report none. What changes together is one change.
 *
 * @param onChange Called with the paths, once nothing changes any more; the next changes wait for it.
 */
export const watchProgram = async (
  folder: string,
  ended: AbortSignal,
  onChange: (paths: readonly string[]) => Promise<void>,
): Promise<void> => {
  let settled = await snapshotOf(folder);
  let last = settled;
  const isOver = () => ended.aborted;
  for (;;) {
    await delay(lookEveryMs, undefined, { signal: ended }).catch(() => undefined);
    if (isOver()) return;
    const now = await snapshotOf(folder);
    const isQuiet = changesOf(last, now).length === 0;
    last = now;
    const changes = changesOf(settled, now);
    if (!isQuiet || changes.length === 0) continue;
    settled = now;
    await onChange(changes);
  }
};

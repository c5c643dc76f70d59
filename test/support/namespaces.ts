import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, onTestFinished } from 'vitest';

const unshare = 'unshare';
const isRoot = process.getuid?.() === 0;
/** Whether this host lets the tests make namespaces. */
export const canUnshare = isRoot && spawnSync(unshare, ['-mpf', 'nsenter', '--version']).status === 0;

const skips = !canUnshare && !(isRoot && process.env['CI']);

/** A group of tests that need namespaces of Linux: skipped with the reason in its name, but never so as root in CI. */
export const describeWithNamespaces = (name: string, tests: () => void): void => {
  const reason = isRoot ? 'unshare or nsenter is missing' : 'needs root';
  describe.skipIf(skips)(`${name}${skips ? ` (skipped: ${reason})` : ''}`, () => {
    tests();
  });
};

const setpriv = 'setpriv';
/** Words before a command that a user without rights is to run. */
export const asNobody: readonly string[] = [setpriv, '--reuid=65534', '--regid=65534', '--clear-groups', '--'];

// The first program is still found with root's rights.
const tried = [...asNobody.slice(1), 'sh', '-c', 'exec "$0" --version', process.execPath];

/** Why a user without rights can't run this Node, such as one in a folder of root's; empty if they can. */
export const nobodyLacks =
  isRoot && spawnSync(setpriv, tried).status !== 0 ? `nobody but root can run ${process.execPath}` : '';

/** A small disk in place of a folder, for the programs that are started on it. */
export interface SmallDisk {
  /** Words before a command that runs on it. */
  readonly within: readonly string[];
  /** The path by which this process sees a file of the folder. */
  path(name: string): string;
  /** Takes all the space that is left. */
  fill(): Promise<void>;
  /** Gives that space back. */
  free(): Promise<void>;
  remount(mode: 'ro' | 'rw'): Promise<void>;
  /** Takes it away, with all that is on it. */
  stop(): void;
}

const run = promisify(execFile);

/** Mounts a file system in memory over a folder, with a copy of what is in it; the caller stops it. */
export const startSmallDisk = async (folder: string, kilobytes: number): Promise<SmallDisk> => {
  const script = `set -e; mkdir "$0.disk"; mount -t tmpfs -o size=$1k,mode=755 none "$0.disk"; cp -a "$0/." "$0.disk"
    mount --move "$0.disk" "$0"; echo mounted; exec sleep infinity`;
  const keeper = spawn(unshare, ['-m', 'sh', '-c', script, folder, String(kilobytes)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(keeper.stdout, 'data');
  const within = ['nsenter', '-t', String(keeper.pid), '-m', '--'];
  const path = (name: string) => join(`/proc/${keeper.pid}/root`, folder, name);
  return {
    within,
    path,
    fill: async () => {
      // Half blocks count as whole ones, so that not a byte is left.
      for (const size of [1024 * 1024, 4096]) {
        const chunk = Buffer.alloc(size);
        for (let full = false; !full;) {
          full = await writeFile(path('ballast'), chunk, { flag: 'a' }).then(
            () => false,
            () => true,
          );
        }
      }
    },
    free: () => rm(path('ballast'), { force: true }),
    remount: async (mode) => {
      await run('nsenter', [...within.slice(1), 'mount', '-o', `remount,${mode}`, folder]);
    },
    stop: () => void keeper.kill('SIGKILL'),
  };
};

/** Mounts a file system in memory over a folder, with a copy of what is in it, until the test is over. */
export const mountSmallDisk = async (folder: string, kilobytes: number): Promise<SmallDisk> => {
  const disk = await startSmallDisk(folder, kilobytes);
  onTestFinished(disk.stop);
  return disk;
};

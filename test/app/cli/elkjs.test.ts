import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFolder } from '../../support/folder.ts';

let folder: string;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ path: folder, remove } = await createFolder());
});
afterEach(() => remove());

const root = join(import.meta.dirname, '../../..');

/** Puts this package into the folder, beside its dependencies and an elkjs with this package.json. */
const installBeside = async (manifest: string): Promise<void> => {
  await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  await cp(join(root, 'package.json'), join(folder, 'package.json'));
  await mkdir(join(folder, 'node_modules/elkjs'), { recursive: true });
  await writeFile(join(folder, 'node_modules/elkjs/package.json'), manifest);
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (name !== 'elkjs') await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
};

test.each([
  ['of other files', '{"name":"elkjs","exports":{".":"./main.js"}}'],
  ['that is damaged', '{'],
])(
  'the commands run beside an elkjs %s',
  async (_, manifest) => {
    await installBeside(manifest);
    const { stdout, stderr, status } = spawnSync(process.execPath, ['dist/app/cli/bin.js', 'run', '--help'], {
      cwd: folder,
      encoding: 'utf8',
      timeout: 60_000,
    });
    expect({ stdout, status, stderr }).toStrictEqual({
      stdout: expect.stringContaining('Usage: pepeunit run'),
      status: 0,
      stderr: '',
    });
  },
  90_000,
);

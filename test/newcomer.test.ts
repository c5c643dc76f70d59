import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFolder } from './support/folder.ts';
import { stripsTypes } from './support/new-unit.ts';
import { startNpmRegistry, type NpmRegistry } from './support/npm/registry.ts';
import { createNpmUser, whyNoNpm, type NpmUser } from './support/npm/user.ts';

/** What the README's five minutes have to type. */
const lines = ['npx pepeunit-client init my-unit', 'cd my-unit', 'npm install', 'npm test'];

const [make = '', enter = '', install = '', check = ''] = lines;

describe.skipIf(whyNoNpm).each([
  ['', 'js'],
  [' --typescript', stripsTypes ? 'ts' : 'js'],
])(`somebody with an empty folder who types \`${make}%s\`${whyNoNpm}`, (option, extension) => {
  let registry: NpmRegistry;
  let user: NpmUser;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    const folder = await createFolder();
    ({ remove } = folder);
    registry = await startNpmRegistry();
    user = await createNpmUser(folder.path, registry, 'моя первая папка');
  });
  afterAll(async () => {
    await registry.stop();
    await remove();
  });

  test('gets a unit, which npm installs, and which passes its tests', async () => {
    const made = await user.type(`${make}${option}`);
    expect(made).toMatchObject({ code: 0 });
    await user.type(enter);
    expect(await readdir(user.folder())).toContain(`main.${extension}`);
    expect(made.stderr.includes('runs no TypeScript')).toBe(option !== '' && !stripsTypes);
    expect(await user.type(install)).toMatchObject({ code: 0, stderr: '' });
    const tested = await user.type(check);
    expect(tested).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+ pass 3$/m) });
  });
});

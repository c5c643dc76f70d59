import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blocksIn, pageAt, sectionOf } from './docs/pages.ts';
import { createFolder } from './support/folder.ts';
import { stripsTypes } from './support/new-unit.ts';
import { startNpmRegistry, type NpmRegistry } from './support/npm/registry.ts';
import { createNpmUser, whyNoNpm, type NpmUser } from './support/npm/user.ts';

/** What the README's five minutes have to type. */
const [block = ''] = blocksIn({ path: 'README.md', text: sectionOf(pageAt('README.md'), 'Five minutes') }, 'sh');
const lines = block.trim().split('\n');
const [make = '', enter = '', install = '', check = '', run = ''] = lines;

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

  test('runs it, talks to it, updates it, and sees a broken version roll back', async () => {
    const dev = user.start(run);
    const program = join(user.folder(), `greeter.${extension}`);
    const first = await readFile(program, 'utf8');
    const good = first.replace('.GREETING}', '.GREETING} again');
    const replace = async (text: string) => {
      await writeFile(program, text);
      await dev.hear(/greeter.* changed/);
    };
    const greets = async (answer: RegExp) => {
      await dev.hear(/started the unit/);
      await dev.hear(/time\/pepeunit: \d{4}-/);
      dev.type('send input/pepeunit Ада 👋');
      await dev.hear(answer);
    };
    try {
      await greets(/output\/pepeunit: Hello, Ада 👋!/);

      await replace(good);
      dev.type('update');
      await dev.hear(/version \w+ works: the update is confirmed/);
      await greets(/output\/pepeunit: Hello again, Ада 👋!/);

      for (const broken of [`${good}\nconst = ;\n`, `${good}\nthrow new Error('Не сегодня');\n`]) {
        await replace(broken);
        dev.type('update');
        await dev.hear(/version (\w+) was rolled back to \w+: /);
        await replace(good);
        await greets(/output\/pepeunit: Hello again, Ада 👋!/);
      }
    } finally {
      await dev.interrupt();
    }
    await writeFile(program, first);
    expect(await user.type(check)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\S+ pass 3$/m) });
  });
});

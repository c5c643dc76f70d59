import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';
import {
  compileIn,
  linkPackage,
  programOf,
  readJson,
  repositoryFiles,
  runTestsIn,
  stripsTypes,
} from '../../support/new-unit.ts';

describe('pepeunit init --typescript', () => {
  test.runIf(stripsTypes)('makes a unit whose types hold, and whose tests pass as they are', async () => {
    const folder = join(await temporaryFolder(), 'юнит');
    expect(await runCli(['init', folder, '--typescript'])).toMatchObject({ code: 0, stderr: '' });
    expect((await readdir(folder)).toSorted()).toEqual(
      [...repositoryFiles, ...programOf('ts'), 'tsconfig.json'].toSorted(),
    );
    await linkPackage(folder);
    expect(await compileIn(folder)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await runTestsIn(folder)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# pass 3$/m) });
    expect(await readJson(folder, 'package.json')).toMatchObject({
      engines: { node: '>=22.18.0' },
      scripts: { start: 'pepeunit run main.ts', check: 'tsc' },
    });
  });

  test.runIf(!stripsTypes)(
    'says that this Node runs no TypeScript, and makes JavaScript with checked types',
    async () => {
      const folder = await temporaryFolder();
      const { code, stdout, stderr } = await runCli(['init', folder, '--typescript', '--json']);
      expect({ code, language: (JSON.parse(stdout) as { language: string }).language }).toEqual({
        code: 0,
        language: 'checkedJavascript',
      });
      expect(JSON.parse(stderr)).toEqual({
        type: 'note',
        message: `Node ${process.versions.node} runs no TypeScript, so the unit is JavaScript with types in JSDoc, which npm run check checks. For TypeScript use Node 22.18 or newer.`,
      });
      await linkPackage(folder);
      expect(await compileIn(folder)).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(await runTestsIn(folder)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^# pass 3$/m) });
      const path = join(folder, 'greeter.js');
      await writeFile(path, (await readFile(path, 'utf8')).replace('settings.GREETING', 'settings.GREETNIG'));
      expect((await compileIn(folder)).stdout).toMatch(/GREETNIG.*GREETING/);
    },
  );

  test('goes with no --javascript', async () => {
    const folder = await temporaryFolder();
    expect(await runCli(['init', folder, '--typescript', '--javascript'])).toMatchObject({ code: 2, stdout: '' });
    expect(await readdir(folder)).toEqual([]);
  });
});

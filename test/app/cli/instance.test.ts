import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { runCli, startCli } from '../../support/cli.ts';
import { executable } from '../../support/executable.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { linkPackage, readJson } from '../../support/new-unit.ts';
import { until } from '../../support/until.ts';

/** The lines to copy, which are indented. */
const linesToCopy = (text: string, first: RegExp): string[] => {
  const lines = text.split('\n').filter((line) => /^ {2}(API|TOKEN|curl)/.test(line));
  return lines.filter((line) => /^ {2}(API|TOKEN)=/.test(line) || first.test(line));
};

test.skipIf(executable('curl') === undefined)('the lines that it prints make a unit of a new folder', async () => {
  const folder = join(await temporaryFolder(), 'мой юнит');
  await runCli(['init', folder]);
  await linkPackage(folder);
  const instance = startCli(['instance'], { cwd: folder });
  await until(() => instance.stdout().includes('Ctrl-C'), { what: 'the instance' });
  const shell = async (lines: readonly string[]) =>
    (await promisify(execFile)('sh', ['-c', lines.join('\n')], { cwd: folder })).stdout;
  const made = await shell(linesToCopy(instance.stdout(), /-d/));
  const { uuid, name } = JSON.parse(made) as { uuid: string; name: string };
  expect(name).toBe('my unit');
  await shell(linesToCopy(instance.stdout(), /UUID/).map((line) => line.replace('UUID', uuid)));
  expect(await readJson(folder, 'env.json')).toMatchObject({ GREETING: 'Hello', PU_HTTP_TYPE: 'http' });
  expect(await readJson(folder, 'schema.json')).toMatchObject({
    input_topic: { 'input/pepeunit': [expect.any(String)] },
  });
  instance.child.kill('SIGINT');
  expect(await instance.ended).toMatchObject({ code: 0, stderr: '' });
});

import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startInspector } from '../../../app/inspector/server/server.ts';
import { startCli } from '../../support/cli.ts';
import { createNewUnit, startDev } from '../../support/dev.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { openPage, type OpenPage } from '../../support/inspector-page.ts';
import { until } from '../../support/until.ts';

/** The names of units whose runs a page has from their very beginning, in order. */
const wholeRuns = ({ lines }: OpenPage): string[] =>
  lines.flatMap((line, index) => {
    const [kind, about] = JSON.parse(line) as [string, { name: string }];
    return kind === 'run' && lines[index + 1]?.startsWith('["chart"') ? [about.name] : [];
  });

const has = ({ lines }: OpenPage, text: string): boolean => lines.some((line) => line.includes(text));

describe('without --inspect', () => {
  test('dev shows on a page that is opened late what was from the start on, over restarts too', async () => {
    const folder = await createNewUnit();
    const dev = startDev(folder);
    const { inspectorUrl = '' } = await dev.line();
    await dev.hears(/time\/pepeunit: /);
    dev.type('send input/pepeunit Ада 🚀');
    await dev.hears(/output\/pepeunit: Hello, Ада 🚀!/);
    await appendFile(join(folder, 'greeter.js'), '\n');
    await dev.hears(/greeter\.js changed/);
    await dev.hears(/time\/pepeunit: /);
    await using page = await openPage(inspectorUrl);
    await page.until(() => wholeRuns(page).length === 2 && has(page, 'Ада 🚀'));
    dev.type('update');
    await dev.hears(/the update is confirmed/);
    await page.until(() => wholeRuns(page).length > 3);
    expect(new Set(wholeRuns(page))).toEqual(new Set(['мой юнит 🚀']));
    expect(page.lost).toBe(0);
  });

  test('dev prints where the page is, and without --control the page only shows', async () => {
    const run = startCli(['dev'], { cwd: await createNewUnit(), stdin: 'pipe' });
    onTestFinished(async () => {
      run.child.kill('SIGTERM');
      await run.ended;
    });
    const [, url = ''] = await until(() => /^ {2}Inspector +(http:\S+)$/m.exec(run.stdout()) ?? undefined);
    await using page = await openPage(url);
    expect(page.hello).toMatchObject({ isControlled: false });
  });

  test('demo shows on a page that is opened late what was from the start on', async () => {
    const run = startCli(['demo', '--control'], { env: { TMPDIR: await temporaryFolder(), NO_COLOR: '1' } });
    onTestFinished(async () => {
      run.child.kill('SIGTERM');
      await run.ended;
    });
    const [, url = ''] = await until(() => /^ {2}inspector (http:\S+)$/m.exec(run.stdout()) ?? undefined);
    await until(() => run.stdout().includes('sends SchemaUpdate'));
    await using page = await openPage(url);
    await page.until(() => new Set(wholeRuns(page)).size === 2);
    expect(wholeRuns(page)).toEqual(expect.arrayContaining(['fan', 'display']));
    expect(page.hello).toMatchObject({ isControlled: true });
    expect(page.lost).toBe(0);
  });

  test('dev shows its unit where PEPEUNIT_INSPECTOR says, and has no page of its own then', async () => {
    await using other = await startInspector({ pageFolder: await temporaryFolder(), version: '0' });
    const folder = await createNewUnit();
    const run = startCli(['dev', '--json'], { cwd: folder, stdin: 'pipe', env: { PEPEUNIT_INSPECTOR: other.url } });
    onTestFinished(async () => {
      run.child.kill('SIGTERM');
      await run.ended;
    });
    await using page = await openPage(other.url);
    await page.until(() => wholeRuns(page).length === 1);
    expect(run.stdout()).not.toContain('inspectorUrl');
  });

  test('dev of a program that is no script of Node has no page, and says so', async () => {
    const folder = await createNewUnit();
    await writeFile(join(folder, 'unit'), '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    const dev = startDev(folder, 'unit');
    await dev.hears(/unit is no script of Node, and can't be inspected\./);
    expect(await dev.line()).not.toHaveProperty('inspectorUrl');
  });
});

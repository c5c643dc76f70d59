import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

test(
  'a version without the program that runs, such as a TypeScript source alone, is refused; the old one runs on (U22)',
  { timeout: 120_000 },
  async () => {
    const options = 'update: { healthTimeoutMs: 20_000 },';
    const unit = await createSupervisedUnit(yard, 'lacks-program', { label: 'one', options });
    unit.run('--grace', '2');
    await unit.hears('one', 'online');
    const before = await unit.tree();
    await unit.add({ label: 'two', options, files: { 'readme.md': 'built by tsc' } });
    const folder = join(yard.root, 'versions', 'lacks-program', 'two');
    await rename(join(folder, 'main.js'), join(folder, 'main.ts'));
    const { commit } = await yard.instance.operator.addVersion(unit.uuid, { folder });
    await unit.update(commit);
    await unit.waitFor(
      'the update ends',
      () => unit.hasSaid('one', 'updateFailed') || unit.hasSaid('one', 'updateSwapped'),
    );
    expect(unit.hasSaid('one', 'updateSwapped')).toBe(false);
    expect(await unit.tree()).toEqual(before);
    await unit.waitFor('the log tells', () =>
      unit.log().some((line) => line.includes('The firmware lacks main.js, the program that runs')),
    );

    await mkdir(join(folder, 'lib'));
    await writeFile(join(folder, 'main.js'), before['main.js']?.replaceAll("'one'", "'two'") ?? '');
    await yard.instance.operator.addVersion(unit.uuid, { folder });
    await unit.update();
    await unit.hears('two', 'updateConfirmed');
    expect(await readFile(join(unit.folder, 'main.ts'), 'utf8')).toContain("label: 'two'");
    await unit.stop();
  },
);

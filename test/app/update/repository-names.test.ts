import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeLinks } from '../../support/folder.ts';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

test.skipIf(process.platform === 'win32')(
  'a repository with names that Windows reserves, and with links, is installed as it is (U7)',
  { timeout: 120_000 },
  async () => {
    const options = 'update: { healthTimeoutMs: 20_000 },';
    const unit = await createSupervisedUnit(yard, 'names', { label: 'one', options });
    unit.run('--grace', '2');
    await unit.hears('one', 'online');
    const files = { 'aux.py': 'aux', 'a:b': 'colon', 'dot.': 'dot', 'lib/Папка/файл.txt': 'слово', 'lib/🙂': 'smile' };
    await unit.add({ label: 'two', options, files });
    const folder = join(yard.root, 'versions', 'names', 'two');
    await makeLinks(folder, { current: 'lib', 'lib/up.py': '../aux.py' });
    await yard.instance.operator.addVersion(unit.uuid, { folder });
    await unit.update();
    await unit.hears('two', 'updateConfirmed');
    for (const [name, text] of Object.entries(files)) {
      expect(await readFile(join(unit.folder, name), 'utf8')).toBe(text);
    }
    expect(await readlink(join(unit.folder, 'current'))).toBe('lib');
    expect(await readFile(join(unit.folder, 'current/up.py'), 'utf8')).toBe('aux');
    await unit.stop();
  },
);

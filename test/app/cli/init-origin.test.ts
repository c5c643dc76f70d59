import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFolder } from '../../support/folder.ts';
import { readJson } from '../../support/new-unit.ts';
import { packedPackage } from '../../support/npm/packed.ts';
import { startNpmRegistry, type NpmRegistry } from '../../support/npm/registry.ts';
import { createNpmUser, whyNoNpm, type NpmUser } from '../../support/npm/user.ts';

describe.skipIf(whyNoNpm)(`somebody who has installed the package from a file${whyNoNpm}`, () => {
  const tarball = 'мои пакеты 📦 #1/100%20.tgz';
  let registry: NpmRegistry;
  let user: NpmUser;
  let path: string;
  let remove: () => Promise<void>;
  beforeAll(async () => {
    ({ path, remove } = await createFolder());
    registry = await startNpmRegistry();
    user = await createNpmUser(path, registry, 'моя первая папка');
    await mkdir(join(path, 'мои пакеты 📦 #1'));
    await writeFile(join(path, tarball), (await packedPackage()).tarball);
    expect(await user.type(`npm install "../${tarball}"`)).toMatchObject({ code: 0 });
  });
  afterAll(async () => {
    await registry.stop();
    await remove();
  });

  const wantedBy = async (unit: string) =>
    (await readJson<{ dependencies: Record<string, string> }>(join(user.folder(), unit), 'package.json')).dependencies;

  test('gets units of the same file, wherever they are, which npm installs and which pass their tests', async () => {
    const unit = 'юниты/мой юнит 🚀';
    expect(await user.type(`npx pepeunit-client init "${unit}"`)).toMatchObject({ code: 0, stderr: '' });
    expect(await wantedBy(unit)).toEqual({ 'pepeunit-client': `file:../../../${tarball}` });
    expect(await user.type(`cd "${unit}" && npm install && npm test; code=$?; cd ../..; (exit $code)`)).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\S+ pass 3$/m),
    });
    expect(await readFile(join(user.folder(), unit, 'package-lock.json'), 'utf8')).toContain(
      `"resolved": "file:../../../${tarball}"`,
    );
  });

  test('gets a unit of that file also by way of a link to its folder', async () => {
    await mkdir(join(path, 'глубоко'));
    await symlink('../глубоко', join(user.folder(), 'ссылка'));
    await user.type('npx pepeunit-client init ссылка/юнит');
    expect(await wantedBy('ссылка/юнит')).toEqual({ 'pepeunit-client': `file:../../${tarball}` });
  });

  test('gets a unit of the version of the registry where the file is gone', async () => {
    await rm(join(path, tarball));
    await user.type('npx pepeunit-client init другой');
    expect(await wantedBy('другой')).toEqual({ 'pepeunit-client': expect.stringMatching(/^\^\d/) });
  });
});

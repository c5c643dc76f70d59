import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createYard, createSupervisedUnit, type Program, type Yard } from '../../support/supervised-unit.ts';
import { runCli } from '../../support/cli.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

test('with a trust key a unit takes what is signed, and nothing unsigned, tampered or older, also after a restart (U9, C10)', async () => {
  const key = join(yard.root, 'key.pem');
  const made = await runCli(['pack', '--keygen', key, '--json']);
  const { publicKey } = JSON.parse(made.stdout) as { publicKey: string };
  const program = (label: string): Program => ({
    label,
    options: `update: { trustKey: '${publicKey}', healthTimeoutMs: 20_000 },`,
  });
  const unit = await createSupervisedUnit(yard, 'signed', program('old'));
  unit.run('--grace', '2');
  await unit.hears('old', 'online');
  const refusals = () => unit.said().filter(({ said }) => said === 'updateFailed');
  const isRefused = async (commit: string, code: string): Promise<void> => {
    const before = refusals().length;
    await unit.update(commit);
    await unit.waitFor(`${code} is refused`, () => refusals().length > before);
    expect(JSON.stringify(refusals().at(-1))).toContain(code);
  };
  const folderOf = (label: string): string => join(yard.root, 'versions', 'signed', label);
  const addSigned = async (label: string, release: string): Promise<string> => {
    const folder = folderOf(label);
    await runCli(['pack', folder, '--sign', key, '--release', release, '--out', join(yard.root, 'x.tgz')]);
    return (await yard.instance.operator.addVersion(unit.uuid, { folder })).commit;
  };

  await isRefused(await unit.add(program('new')), 'unsigned');
  const seventh = await addSigned('new', '7');
  await unit.update(seventh);
  await unit.hears('new', 'updateConfirmed');
  const newest = await readFile(join(unit.folder, '.pepeunit', 'newest-release.json'), 'utf8');
  expect(JSON.parse(newest)).toMatchObject({ release: 7 });

  process.kill(unit.said().at(-1)?.pid ?? 0, 'SIGKILL');
  const starts = () => unit.said().filter(({ label, said }) => label === 'new' && said === 'online').length;
  await unit.waitFor('the new version is back', () => starts() === 2);
  await unit.add(program('late'));
  await isRefused(await addSigned('late', '6'), 'outdated');
  await addSigned('late', '8');
  await writeFile(join(folderOf('late'), 'added.js'), 'process.exit(1);');
  const { commit } = await yard.instance.operator.addVersion(unit.uuid, { folder: folderOf('late') });
  await isRefused(commit, 'tampered');
  await unit.stop();
});

import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startNpmRegistry } from '../../support/npm-registry.ts';
import { createSupervisedUnit, createYard } from '../../support/supervised-unit.ts';
import { until } from '../../support/until.ts';

const installing = 'update: { healthTimeoutMs: 20_000, install: true },';

/** The processes that work in a folder or below it. */
const processesIn = async (folder: string): Promise<number[]> => {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(all.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return all.filter((_, index) => `${places[index]}/`.startsWith(`${folder}/`)).map(Number);
};

test.runIf(process.platform === 'linux')(
  'npm ends with a unit that is killed, wherever it was; the next start installs the packages',
  { timeout: 300_000 },
  async () => {
    const yard = await createYard();
    onTestFinished(yard.stop);
    const silent = new Set<string>();
    const registry = await startNpmRegistry(
      join(yard.root, 'npm-cache'),
      [{ name: 'greeting-words', version: '1.0.0', files: { 'index.js': "export default 'hello';" } }],
      (path) => silent.has(path),
    );
    onTestFinished(registry.stop);
    onTestFinished(() => void vi.unstubAllEnvs());
    for (const [name, value] of Object.entries(registry.env)) vi.stubEnv(name, value);
    const unit = await createSupervisedUnit(yard, 'насос 🌡', { label: 'one', options: installing });
    onTestFinished(unit.stop);
    const asked = (path: string) => registry.requests.filter(({ url }) => url === path).length;
    const startsOf = () => unit.told().filter(({ type }) => type === 'started').length;
    unit.run('--grace', '2');
    await unit.hears('one', 'online');
    await unit.add({
      label: 'two',
      options: installing,
      first: "import words from 'greeting-words';",
      before: 'say({ said: words });',
      files: { 'package.json': '{"type":"module","dependencies":{"greeting-words":"1.0.0"}}' },
    });
    const files = await unit.tree();
    const moments = ['/greeting-words', '/greeting-words/-/1.0.0.tgz', '/greeting-words/-/1.0.0.tgz'];
    silent.add('/greeting-words');
    await unit.update();
    for (const path of moments) {
      const [before, starts] = [asked(path), startsOf()];
      silent.clear();
      silent.add(path);
      await unit.waitFor(`npm asks for ${path}`, () => asked(path) > before);
      const found = await processesIn(unit.folder);
      expect(found.length).toBeGreaterThan(0);
      process.kill(unit.said().at(-1)?.pid ?? 0, 'SIGKILL');
      await until(async () => (await processesIn(unit.folder)).every((pid) => !found.includes(pid)), {
        what: 'the end of npm',
      });
      await unit.waitFor('the next start', () => startsOf() > starts);
      expect(await unit.tree()).toEqual(files);
    }
    silent.clear();
    await unit.hears('two', 'hello');
    await unit.hears('two', 'updateConfirmed');
    await unit.waitFor('nothing of the killed ones is left', async () =>
      (await readdir(join(unit.folder, '.pepeunit'))).every((name) => !/staging|packages/.test(name)),
    );
    await unit.stop();
    expect(await processesIn(unit.folder)).toEqual([]);
  },
);

import { cp, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startNode } from '../../support/cli.ts';
import { createConsumer } from '../../support/consumer.ts';
import { createYard } from '../../support/supervised-unit.ts';
import { until } from '../../support/until.ts';

const root = resolve(import.meta.dirname, '../../..');
const example = join(root, 'app/examples/door-lock');
const built = join(root, 'dist/app/examples/door-lock');

test('compiles strictly against the packed package in an empty folder, and its tests pass there', async () => {
  const consumer = await createConsumer();
  for (const name of await readdir(example)) await consumer.write(name, await readFile(join(example, name), 'utf8'));
  expect(await consumer.compile()).toBe('');
  const tests = await readFile(join(example, 'lock.test.ts'), 'utf8');
  expect(tests.trimEnd().split('\n').length).toBeLessThan(100);
  const { pass, fail, output } = await consumer.runTests();
  expect({ pass, fail }, output).toEqual({ pass: [...tests.matchAll(/^test\(/gm)].length, fail: 0 });
});

test('runs on an instance, obeys set_lock, and ends in order at SIGTERM', async () => {
  const yard = await createYard();
  onTestFinished(yard.stop);
  const { operator } = yard.instance;
  const folder = join(yard.root, 'unit');
  await cp(built, folder, { recursive: true, filter: (path) => ['', '.js', '.json'].includes(extname(path)) });
  await symlink(join(root, 'node_modules/xstate'), join(yard.root, 'node_modules/xstate'));
  const unit = await operator.createUnit({ name: 'door lock', folder, env: { AUTO_LOCK_MS: 500 } });
  await writeFile(join(folder, 'env.json'), JSON.stringify(await operator.getEnv(unit.uuid)));
  await writeFile(join(folder, 'schema.json'), JSON.stringify(operator.getSchema(unit.uuid)));
  const { child, ended, stdout, stderr } = startNode([join(folder, 'main.js')]);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const said = () =>
    yard.events
      .filter((event) => event.type === 'published')
      .filter((event) => event.unit === unit.uuid && event.key === 'lock/pepeunit')
      .map(({ payload }) => Buffer.from(payload).toString());
  const hear = (count: number) =>
    until(() => said().length === count, { what: `${count} reports` }).catch((error: unknown) => {
      throw new Error(stdout() + stderr(), { cause: error });
    });
  await hear(1);
  const node = unit.unit_nodes.find(({ type }) => type === 'Input');
  await operator.setStateInput(node?.uuid ?? '', 'open');
  await hear(3);
  expect(said()).toEqual(['closed', 'open', 'closed']);
  child.kill('SIGTERM');
  expect(await ended, stdout()).toMatchObject({ code: 0 });
});

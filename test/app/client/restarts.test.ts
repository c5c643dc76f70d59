import { expect, onTestFinished, test } from 'vitest';
import { RestartMode } from '../../../services/process-control.ts';
import { ProcessError } from '../../../services/errors.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { settle, until } from '../../support/until.ts';
import { tarOf } from '../../support/tar.ts';

const running = async (restartMode: RestartMode = RestartMode.RestartPopen) => {
  const unit = createTestUnit({ restartMode });
  onTestFinished(() => unit.client.stopMainCycle());
  await unit.client.ready();
  const command = (key: string, payload: object) =>
    unit.world.broker.send(unit.client.schema.inputBaseTopic[key]?.[0] ?? '', JSON.stringify(payload));
  return { ...unit, reset: () => command('reset/pepeunit', { COMMAND: 'Reset' }) };
};

test('a program that is asked to restart again while it does has one successor', async () => {
  const { client, world, reset } = await running();
  void client.restartDevice();
  void client.restartDevice();
  reset();
  await until(() => world.process.restarts.length > 0);
  await settle();
  expect(world.process.restarts).toEqual(['restart_popen']);
});

test('each who asked hears that a restart failed, and the next one is tried', async () => {
  const { client, world } = await running();
  world.process.failNext(new ProcessError('spawn', 'There is no memory.'));
  const both = await Promise.allSettled([client.restartDevice(), client.restartDevice()]);
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await client.ready();
  void client.restartDevice();
  await until(() => world.process.restarts.length === 2);
});

/** A unit whose update to another version does not get further than its first file, until it is told to. */
const swapping = async () => {
  const unit = await running();
  const { client, world } = unit;
  const { documents } = world.http;
  documents.firmware = await tarOf(
    { name: 'env.json', text: JSON.stringify({ ...(documents.env as object), PU_COMMIT_VERSION: 'second' }) },
    { name: 'schema.json', text: JSON.stringify(documents.schema) },
    { name: 'main.js', text: 'second' },
  );
  let isOver = false;
  const swap = world.firmware.swap.bind(world.firmware);
  world.firmware.swap = async (id, order) => {
    await until(() => isOver);
    return swap(id, order);
  };
  client.actor.send({ type: 'update.start', target: { commitVersion: 'second' } });
  const update = client.actor.getSnapshot().children.update;
  await until(() => update?.getSnapshot().value === 'swapping', { what: 'a swap' });
  return { ...unit, moveOn: () => (isOver = true) };
};

test('a reset waits until the files of an update are in place, and the program restarts once (U1)', async () => {
  const { client, world, reset, moveOn } = await swapping();
  reset();
  await until(() => client.metrics().commands.reset === 1);
  await settle();
  expect(world.process.restarts).toEqual([]);
  moveOn();
  await until(() => world.process.restarts.length > 0);
  await settle();
  expect(world.process.restarts).toEqual(['restart_popen']);
});

test('a program that is stopped while a restart waits goes on in no other process (M12)', async () => {
  const { client, world, reset, moveOn } = await swapping();
  reset();
  await until(() => client.metrics().commands.reset === 1);
  const asked = client.restartDevice();
  await Promise.all([client.stopMainCycle(), expect(asked).rejects.toMatchObject({ code: 'stopped' })]);
  moveOn();
  await settle();
  expect(world.process.restarts).toEqual([]);
});

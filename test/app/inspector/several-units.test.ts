import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createActor, setup } from 'xstate';
import { startInspector } from '../../../app/inspector/server/server.ts';
import { createUnitLogic } from '../../../app/node.ts';
import { inspectUnits } from '../../support/inspected.ts';
import { openPage } from '../../support/inspector-page.ts';
import { has, setUpInspector } from './shown-units.ts';
import { until } from '../../support/until.ts';

const world = setUpInspector();
const { startUnit } = world;

/** A server that takes connections and says nothing, or ends them at once. */
const startMute = async (hangs: boolean) => {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (!hangs) socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token/`,
    connections: () => sockets.size,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

describe('a unit whose inspector', () => {
  test.each([
    ['hangs', true],
    ['ends each connection', false],
  ])('%s works and stops as ever', async (_name, hangs) => {
    await using mute = await startMute(hangs);
    using _ = inspectUnits(mute.url);
    const { client } = await startUnit();
    await until(() => mute.connections() > 0);
    const published = Array.from({ length: 50 }, (_one, count) =>
      client.publishToTopics('output/pepeunit', String(count)),
    );
    expect((await Promise.all(published)).every(Boolean)).toBe(true);
    await client.stopMainCycle();
  });

  test('comes late gets all from the start, and one that comes back what is new', async () => {
    const { url } = world.inspector;
    using _ = inspectUnits(url);
    const { client } = await startUnit();
    await until(() => [...world.inspector.sources.all()].some(({ isLive }) => isLive));
    await using page = await openPage(url);
    await page.until(has(page, 'mark', 'online'));
    expect(page.lines[0]).toMatch(/^\["run"/);
    await world.inspector.stop();
    client.logger.info('nobody looks');
    const port = Number(new URL(url).port);
    const { pathname } = new URL(url);
    world.inspector = await startInspector({ pageFolder: '.', version: '0', port, token: pathname.slice(1, -1) });
    await using again = await openPage(url);
    await again.until(has(again, 'l', 'nobody looks'));
    expect(again.lines[0]).toMatch(/^\["run"/);
    expect(again.lost).toBe(0);
  });
});

test('two units of one process, and one that starts again, are told apart', async () => {
  using _ = inspectUnits(world.inspector.url);
  await using page = await openPage(world.inspector.url);
  const [one, two] = [await startUnit(), await startUnit()];
  await until(() => [...world.inspector.sources.all()].length === 2);
  expect([...world.inspector.sources.all()].map(({ id }) => id)).toEqual([one.row.uuid, two.row.uuid]);
  const running = one.client.runMainCycle();
  await one.client.stopMainCycle();
  await running;
  const again = one.client.runMainCycle();
  await until(() => one.client.actor.getSnapshot().matches({ lifecycle: { operating: 'online' } }));
  await page.until(() => page.frames.filter((frame) => frame.includes('["run"')).length >= 2);
  const runs = page.lines.filter((line) => line.startsWith('["run"')).map((line) => line.includes(one.row.uuid));
  await one.client.stopMainCycle();
  await again;
  expect(runs.filter(Boolean).length).toBeGreaterThanOrEqual(1);
});

test('a unit in a statechart of the app is shown without the rest of that', async () => {
  using _ = inspectUnits(world.inspector.url);
  await using page = await openPage(world.inspector.url);
  const live = await world.createUnit();
  const logic = createUnitLogic({
    envFilePath: live.path('env.json'),
    schemaFilePath: live.path('schema.json'),
    logFilePath: live.path('log.json'),
    ffConsoleLogEnable: false,
    restartMode: 'no_restart',
  });
  const device = setup({ actors: { unit: logic } }).createMachine({
    id: 'device',
    initial: 'on',
    states: { on: { invoke: { src: 'unit', id: 'inner' }, on: { off: 'off' } }, off: {} },
  });
  const actor = createActor(device).start();
  await page.until(has(page, 'mark', 'online'));
  // The first is the one of the client, which is not started.
  const inner = page.frames.filter((frame) => frame.startsWith(`["#","${live.row.uuid}#2"`)).join('\n');
  const paths = [...inner.matchAll(/^\["actor",[\d.]+,\d+,"([^"]+)"/gm)].map(([, path]) => path ?? '');
  expect(paths).toContain('inner/mqtt');
  expect(paths.every((path) => path.startsWith('inner'))).toBe(true);
  actor.send({ type: 'off' });
  await page.until(() =>
    page.lines
      .map((line) => JSON.parse(line) as unknown[])
      .some(([kind, , index, , , , , , status]) => kind === 's' && index === 0 && status === 'stopped'),
  );
});

import { once } from 'node:events';
import { createWebSocketInspector, createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assign, createActor, createMachine, fromPromise, sendTo, setup } from 'xstate';
import { WebSocket } from 'ws';
import { createReplay } from '../../../app/inspector/replay.ts';
import { startInspector, type Inspector } from '../../../app/inspector/server/server.ts';
import { inspectUnits } from '../../support/inspected.ts';
import { openPage } from '../../support/inspector-page.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { until } from '../../support/until.ts';

let inspector: Inspector;
let address: string;
beforeEach(async () => {
  inspector = await startInspector({ pageFolder: import.meta.dirname, version: '0' });
  address = new URL('stately', inspector.url.replace('http:', 'ws:')).href;
});
afterEach(() => inspector.stop());

const receive = () => {
  const events: StatelyInspectionEvent[] = [];
  createWebSocketReceiver({ server: address }).subscribe((event) => void events.push(event));
  return events;
};

type ActorEvent = Extract<StatelyInspectionEvent, { type: '@xstate.actor' }>;
const actorsIn = (events: readonly StatelyInspectionEvent[]): ActorEvent[] =>
  events.filter((event): event is ActorEvent => event.type === '@xstate.actor');

const depthOf = (value: unknown): number =>
  typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

test('a stock receiver gets the whole tree of a unit, its definitions whole, and what happens', async () => {
  using _ = inspectUnits(inspector.url);
  const live = await createLiveUnit();
  try {
    const early = receive();
    await live.client.ready();
    await until(() => early.some(({ type }) => type === '@xstate.snapshot'));
    const late = receive();
    await until(() => actorsIn(late).length >= 10);
    const actors = actorsIn(late);
    expect(actors.map(({ name }) => name).toSorted()).toEqual([
      'logger',
      'mqtt',
      'reset',
      'schema',
      'settings',
      'stateReporter',
      'time',
      'unit',
      'update',
      'wifi',
    ]);
    const root = actors.find(({ name }) => name === 'unit');
    expect(root?.parentId).toBeUndefined();
    expect(actors.filter((actor) => actor !== root).every(({ parentId }) => parentId === root?.sessionId)).toBe(true);
    const definition = JSON.parse(root?.definition ?? '') as { states: object };
    expect(depthOf(definition)).toBeGreaterThan(10);
    expect(createMachine(definition as never).root.states['lifecycle']).toBeDefined();
    expect(root?.snapshot).toMatchObject({ value: live.client.actor.getSnapshot().value });
    const before = late.length;
    live.client.actor.send({ type: 'time.sync' });
    await until(() =>
      late.slice(before).some((event) => event.type === '@xstate.event' && event.event.type === 'time.sync'),
    );
    expect(late.slice(before).every(({ _version }) => _version === '0.7.2')).toBe(true);
  } finally {
    await live.stop();
  }
});

const payment = fromPromise<string>(async () => 'paid');
const courier = setup({}).createMachine({
  id: 'courier',
  initial: 'waiting',
  states: { waiting: { on: { collect: 'delivering' } }, delivering: {} },
});
const checkout = setup({
  types: { context: {} as { items: number }, events: {} as { type: 'add'; count: number } | { type: 'pay' } },
  actors: { payment, courier },
}).createMachine({
  id: 'checkout',
  context: { items: 0 },
  initial: 'shopping',
  invoke: { src: 'courier', id: 'courier' },
  states: {
    shopping: {
      on: { add: { actions: assign({ items: ({ context, event }) => context.items + event.count }) }, pay: 'paying' },
    },
    paying: { invoke: { src: 'payment', onDone: 'done' } },
    done: { entry: sendTo('courier', { type: 'collect' }) },
  },
});

test('an app of XState with the stock inspector shows in our page, and reads like a unit', async () => {
  await using page = await openPage(inspector.url);
  const stock = createWebSocketInspector({ url: address });
  const actor = createActor(checkout, { inspect: stock.inspect }).start();
  try {
    actor.send({ type: 'add', count: 2 });
    actor.send({ type: 'pay' });
    await until(() => actor.getSnapshot().value === 'done');
    await page.until(() => page.lines.some((line) => line.includes('"delivering"')));
    const replay = createReplay();
    for (const frame of page.frames) replay.read(frame);
    expect(replay).toMatchObject({ damaged: 0, unplaced: 0, lost: 0 });
    const now = replay.at('checkout', Date.now() + 60_000);
    expect([...(now?.actors.values() ?? [])].map(({ value, context }) => [JSON.parse(value), context])).toEqual([
      ['done', { items: 2 }],
      ['delivering', {}],
    ]);
    const paths = page.lines.map((line) => JSON.parse(line) as unknown[]).filter(([kind]) => kind === 'actor');
    expect(paths.map(([, , , path]) => path)).toEqual(['checkout', 'checkout/courier']);
  } finally {
    stock.stop();
  }
  await page.until(() => page.lines.some((line) => line.startsWith('["end"')));
});

test('two apps of one name are two sources, and no message of a stranger ends anything', async () => {
  await using page = await openPage(inspector.url);
  const stocks = [createWebSocketInspector({ url: address }), createWebSocketInspector({ url: address })];
  for (const stock of stocks) {
    createActor(courier, { inspect: stock.inspect }).start();
    const count = stocks.indexOf(stock) + 1;
    await until(() => [...inspector.sources.all()].length === count);
  }
  expect([...inspector.sources.all()].map(({ id }) => id)).toEqual([expect.any(String), expect.any(String)]);
  for (const stock of stocks) stock.stop();
  expect(page.answers).toEqual([]);
});

const showBareApp = async (): Promise<WebSocket> => {
  const socket = new WebSocket(address);
  await once(socket, 'open');
  const snapshot = { status: 'active', value: 'idle' };
  socket.send(
    JSON.stringify({ type: '@xstate.actor', sessionId: 'x:0', name: 'app', definition: '{"a":1}', snapshot }),
  );
  return socket;
};

const live = () => [...inspector.sources.all()].filter(({ isLive }) => isLive).map(({ id }) => id);

test('an app never takes the place of one that is still there', async () => {
  const first = await showBareApp();
  await expect.poll(live).toEqual(['app']);
  const second = await showBareApp();
  await expect.poll(live).toEqual(['app', 'app~2']);
  first.terminate();
  await expect.poll(live).toEqual(['app~2']);
  const third = await showBareApp();
  await expect.poll(live).toEqual(['app', 'app~2']);
  for (const socket of [second, third]) socket.terminate();
});

import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createActor, fromCallback, setup, stopChild, type AnyActorRef, type InspectionEvent } from 'xstate';
import { createUnitLogic, unitOf } from '../../app/node.ts';
import type { UnitFact } from '../../machines/index.ts';
import { memoryProcessControl } from '../../adapters/memory/process-control.ts';
import type { ProcessControl } from '../../services/process-control.ts';
import { childNames } from '../../machines/unit/context.ts';
import { createConsumer } from '../support/consumer.ts';
import { failRoot } from '../support/failing-root.ts';
import { createLiveUnit, type LiveUnit } from '../support/live-unit.ts';
import { until } from '../support/until.ts';

const live: LiveUnit[] = [];
const roots: AnyActorRef[] = [];

const aUnit = async () => {
  const unit = await createLiveUnit();
  live.push(unit);
  return unit;
};

afterEach(async () => {
  for (const root of roots.splice(0)) root.stop();
  for (const unit of live.splice(0)) await unit.stop();
});

const optionsOf = ({ path }: LiveUnit) => ({
  envFilePath: path('env.json'),
  schemaFilePath: path('schema.json'),
  logFilePath: path('log.json'),
  ffConsoleLogEnable: false,
  restartMode: 'no_restart' as const,
});

const logicOf = (unit: LiveUnit) => createUnitLogic(optionsOf(unit));

/** Starts a root actor that ends with the test. */
const run = <T extends AnyActorRef>(actor: T): T => {
  roots.push(actor);
  actor.start();
  return actor;
};

const isOnline = (actor: AnyActorRef | undefined): boolean =>
  actor !== undefined && actor.getSnapshot().matches({ lifecycle: { operating: 'online' } });

const deviceOf = (unit: LiveUnit) =>
  setup({
    types: { events: {} as UnitFact | { type: 'lamp.set'; to: string }, context: {} as { seen: string[] } },
    actors: {
      unit: createUnitLogic({
        ...optionsOf(unit),
        toEvent: (message) => (message.key === 'input/pepeunit' ? { type: 'lamp.set', to: message.text() } : undefined),
      }),
    },
  }).createMachine({
    context: { seen: [] },
    invoke: { id: 'unit', src: 'unit', input: ({ self }) => ({ parent: self }), onError: '.failed' },
    initial: 'offline',
    on: { '*': { actions: ({ context, event }) => context.seen.push(event.type) } },
    states: {
      offline: { on: { online: 'online' } },
      online: {
        on: {
          offline: 'offline',
          'lamp.set': { actions: ({ context, event }) => context.seen.push(`lamp ${event.to}`) },
        },
      },
      failed: {},
    },
  });

describe('a unit in a statechart', () => {
  test('goes online on a real broker, obeys the platform and turns messages into events', async () => {
    const unit = await aUnit();
    const device = run(createActor(deviceOf(unit)));
    await until(() => device.getSnapshot().matches('online'));
    const { seen } = device.getSnapshot().context;
    const actor = device.getSnapshot().children.unit;
    const handle = unitOf(actor);

    handle.logger.info('to be synced 😀');
    await unit.instance.operator.sendCommand(unit.row.uuid, 'LogSync');
    await until(() => seen.includes('logsSynced'));

    const commit = await unit.addVersion('version 2');
    await unit.instance.operator.sendCommand(unit.row.uuid, 'Update', commit);
    await until(() => seen.includes('updateSwapped') || seen.includes('updateFinished'));
    expect(await unit.read('program.txt')).toBe('version 2');

    const node = unit.row.unit_nodes.find(({ type }) => type === 'Input');
    await unit.instance.operator.setStateInput(node?.uuid ?? '', 'вкл');
    await until(() => seen.includes('lamp вкл'));
    expect(await handle.publishToTopics('output/pepeunit', 'on')).toBe(true);
  });

  test('emits each fact that its parent gets', async () => {
    const unit = await aUnit();
    const emitted: string[] = [];
    const actor = createActor(logicOf(unit), { input: {} });
    actor.on('wifi.up', ({ type }) => emitted.push(type));
    actor.on('online', ({ type }) => emitted.push(type));
    run(actor);
    await until(() => emitted.includes('online'));
    expect(emitted).toEqual(['wifi.up', 'online']);
  });

  test('lets its link go with its actor', async () => {
    const unit = await aUnit();
    const device = run(createActor(deviceOf(unit)));
    await until(() => device.getSnapshot().matches('online'));
    device.stop();
    await until(() => unit.events.some(({ type }) => type === 'disconnect'));
  });

  test('says what is wrong with its options by its error', async () => {
    const unit = await aUnit();
    const logic = createUnitLogic({ ...optionsOf(unit), restartMode: 'never' as never });
    const failures: unknown[] = [];
    const actor = createActor(logic, { input: {} });
    actor.subscribe({ error: (error) => failures.push(error) });
    actor.start();
    expect(failures).toEqual([expect.objectContaining({ name: 'ClientError', code: 'options' })]);
  });

  test('takes requests of an app alone, and starts again after a stop on request', async () => {
    const unit = await aUnit();
    const told: string[] = [];
    const actor = createActor(logicOf(unit), { input: {} });
    actor.on('*', ({ type }) => told.push(type));
    run(actor);
    await until(() => isOnline(actor));
    expect(() => actor.send({ type: 'mqtt.online', granted: 1, denied: [] })).toThrow(
      expect.objectContaining({ name: 'ClientError', code: 'invalid' }),
    );
    actor.send({ type: 'unit.stop' });
    await until(() => told.includes('stopped'));
    actor.send({ type: 'unit.start' });
    await until(() => isOnline(actor));
    expect(await unitOf(actor).publishToTopics('output/pepeunit', 'again')).toBe(true);
  });

  test('gives its link up to the process that takes over', async () => {
    const unit = await aUnit();
    const process: ProcessControl = {
      ...memoryProcessControl(),
      restart: async (_, onReplaced) => onReplaced?.(),
    };
    const logic = createUnitLogic({ ...optionsOf(unit), restartMode: 'restart_exec', adapters: { process } });
    const actor = run(
      createActor(setup({ actors: { logic } }).createMachine({ invoke: { id: 'unit', src: 'logic' } })),
    );
    const child = actor.getSnapshot().children.unit;
    await until(() => isOnline(child));
    await unitOf(child).restartDevice();
    expect(actor.getSnapshot().status).toBe('active');
    expect(isOnline(child)).toBe(false);
    expect(unit.events.some(({ type }) => type === 'disconnect')).toBe(true);
  });

  test('leaves it to its parent what follows when its machine fails, also under a supervisor', async () => {
    const unit = await aUnit();
    const process = memoryProcessControl(true);
    const logic = createUnitLogic({ ...optionsOf(unit), adapters: { process } });
    const device = setup({ actors: { logic } }).createMachine({
      initial: 'works',
      states: { works: { invoke: { id: 'unit', src: 'logic', onError: 'rests' } }, rests: {} },
    });
    const actor = run(createActor(device));
    const child = actor.getSnapshot().children.unit;
    await until(() => isOnline(child));
    failRoot(unitOf(child));
    await until(() => actor.getSnapshot().matches('rests'));
    await until(async () => (await unit.read('log.json').catch(() => '')).includes('The unit ends'));
    // Nothing tells that no restart comes.
    await new Promise((elapse) => setTimeout(elapse, 300));
    expect(process.restarts).toEqual([]);
  });

  test('is not restored from a snapshot', async () => {
    const unit = await aUnit();
    const actor = run(createActor(logicOf(unit), { input: {} }));
    const snapshot = actor.getPersistedSnapshot();
    const failures: unknown[] = [];
    const restored = createActor(logicOf(unit), { input: {}, snapshot });
    restored.subscribe({ error: (error) => failures.push(error) });
    restored.start();
    expect(failures).toEqual([
      expect.objectContaining({ name: 'ClientError', code: 'invalid', message: expect.stringContaining('snapshot') }),
    ]);
  });

  test('shows an inspector neither its parent nor its secrets', async () => {
    const unit = await aUnit();
    const shown: string[] = [];
    const inspect = ({ type, ...event }: InspectionEvent) => {
      const { input } = event as { input?: unknown };
      const walked = [input, 'event' in event && event.event, 'snapshot' in event && event.snapshot];
      shown.push(JSON.stringify({ type, walked }));
    };
    const device = run(createActor(deviceOf(unit), { inspect }));
    await until(() => device.getSnapshot().matches('online'));
    const { PU_AUTH_TOKEN, PU_SECRET_KEY } = JSON.parse(await unit.read('env.json')) as Record<string, string>;
    expect(shown.length).toBeGreaterThan(50);
    for (const secret of [PU_AUTH_TOKEN, PU_SECRET_KEY]) expect(shown.join('\n')).not.toContain(secret);
  });
});

test('children are found in their actor system where a prefix is asked for, and only there', async () => {
  const unit = await aUnit();
  const actor = run(createActor(createUnitLogic({ ...optionsOf(unit), systemIdPrefix: 'kitchen.' }), { input: {} }));
  const { children } = actor.getSnapshot();
  for (const name of childNames) expect(actor.system.get(`kitchen.${name}`), name).toBe(children[name]);
  const plain = run(createActor(logicOf(unit), { input: {} }));
  for (const name of childNames) expect(plain.system.get(name), name).toBeUndefined();
});

test('what is no unit has no handle', () => {
  expect(() => unitOf(undefined)).toThrow('createUnitLogic');
  expect(() => unitOf(createActor(fromCallback(() => undefined)))).toThrow(
    expect.objectContaining({ name: 'ClientError', code: 'invalid' }),
  );
});

test('two units and a logger of the app live in one actor system; one starts again, and the other goes on', async () => {
  const [first, second] = [await aUnit(), await aUnit()];
  const house = setup({
    types: { events: {} as { type: 'swap' } },
    actors: { first: logicOf(first), second: logicOf(second), logger: fromCallback(() => undefined) },
    actions: { stopFirst: stopChild('first') },
  }).createMachine({
    type: 'parallel',
    invoke: [
      { id: 'logger', systemId: 'logger', src: 'logger' },
      { id: 'second', src: 'second' },
    ],
    states: {
      room: {
        initial: 'on',
        states: {
          on: { invoke: { id: 'first', src: 'first' }, on: { swap: 'between' } },
          between: { after: { 1: 'on' } },
        },
      },
    },
  });
  const actor = run(createActor(house));
  const child = (name: 'first' | 'second') => actor.getSnapshot().children[name];
  await until(() => isOnline(child('first')) && isOnline(child('second')));
  const [before, other] = [child('first'), child('second')];
  const offline: string[] = [];
  other?.on('offline', ({ type }) => offline.push(type));
  actor.send({ type: 'swap' });
  await until(() => child('first') !== before && isOnline(child('first')));
  expect(child('second')).toBe(other);
  expect(isOnline(other)).toBe(true);
  expect(offline).toEqual([]);
  expect(actor.getSnapshot().status).toBe('active');
  expect(actor.system.get('logger')).toBe(actor.getSnapshot().children.logger);
});

test('units are embedded from the packed package, in an empty folder and by strict types', async () => {
  const consumer = await createConsumer();
  await consumer.write('house.test.ts', await readFile(resolve(import.meta.dirname, '../fixtures/house.ts'), 'utf8'));
  expect(await consumer.compile()).toBe('');
  const { pass, fail, output } = await consumer.runTests();
  expect({ pass, fail }, output).toEqual({ pass: 1, fail: 0 });
});

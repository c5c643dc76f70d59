import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { memoryProcessControl } from '../../../adapters/memory/process-control.ts';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import type { UnitClient } from '../../../app/public.ts';
import { BrokerError } from '../../../services/errors.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { failRoot } from '../../support/failing-root.ts';
import { until } from '../../support/until.ts';

const waits: Readonly<Record<string, (client: UnitClient) => Promise<unknown>>> = {
  ready: (client) => client.ready(),
  'mqttClient.connect': (client) => client.mqttClient.connect(),
  'mqttClient.ensureConnected': (client) => client.mqttClient.ensureConnected(),
  runMainCycle: (client) => client.runMainCycle(),
  performUpdate: (client) => client.performUpdate(),
  downloadEnv: (client) => client.downloadEnv(),
  downloadSchema: (client) => client.downloadSchema(),
  'settings.loadFromFile': (client) => client.settings.loadFromFile(),
  'schema.updateFromFile': (client) => client.schema.updateFromFile(),
  'logger.syncLogsToMqtt': (client) => client.logger.syncLogsToMqtt(),
  'timeManager.syncEpochMsFromNtp': (client) => client.timeManager.syncEpochMsFromNtp(),
};

/** How a call ended; the causes of its error as well. */
const outcomeOf = (promise: Promise<unknown>): Promise<readonly unknown[]> =>
  promise.then(
    () => ['resolved'],
    (error: unknown) => {
      const chain: unknown[] = [];
      for (let one = error; one instanceof Error; one = one.cause) chain.push(one);
      return chain;
    },
  );

const itsFailure = { name: 'ClientError', code: 'failed', cause: expect.any(TypeError) };

describe('a unit whose root machine has failed', () => {
  let unit: TestUnit;
  beforeEach(() => {
    unit = createTestUnit();
  });
  afterEach(() => unit.client.stopMainCycle());

  test.each(Object.entries(waits))('rejects %s with the cause, called after it (X6)', async (_, call) => {
    await unit.client.ready();
    failRoot(unit.client);
    const [error] = await outcomeOf(call(unit.client));
    expect(error).toMatchObject(itsFailure);
  });

  test.each(Object.entries(waits))('rejects %s with the cause, called before it (X6)', async (_, call) => {
    const outcome = outcomeOf(call(unit.client));
    failRoot(unit.client);
    expect((await outcome).at(-1)).toBeInstanceOf(TypeError);
  });

  test('rejects each of many who wait for one thing', async () => {
    const outcomes = [unit.client.ready(), unit.client.ready(), unit.client.runMainCycle()].map(outcomeOf);
    failRoot(unit.client);
    for (const [error] of await Promise.all(outcomes)) expect(error).toMatchObject(itsFailure);
  });

  test('settles each publish, and still has figures and a log', async () => {
    const { client, world } = unit;
    await client.ready();
    await client.mqttClient.disconnect();
    const [topic = ''] = client.schema.outputTopic['output/pepeunit'] ?? [];
    const kept = client.mqttClient.publishDetailed(topic, 'kept', { qos: 1, until: 'settled' });
    failRoot(client);
    expect(await kept).toEqual({ outcome: 'queued' });
    expect(await client.mqttClient.publishDetailed(topic, 'late', { qos: 1 })).toMatchObject({ outcome: 'dropped' });
    expect(await client.publishToTopics('output/pepeunit', 'late')).toBe(false);
    client.logger.error('the app still logs');
    const [critical, last] = world.console.entries.slice(-2);
    expect(critical).toMatchObject({ level: 'Critical', text: expect.stringContaining('root machine failed') });
    expect(last).toMatchObject({ text: 'the app still logs' });
    expect(client.metrics()).toMatchObject({ connects: 1, disconnects: 1 });
    expect(client.metrics().outbox.waiting).toBeGreaterThan(0);
    expect(client.mqttClient.isConnected()).toBe(false);
  });

  test('keeps no link, timer or outbox (M12)', async () => {
    const { client, world } = unit;
    await client.ready();
    client.setOutputHandler(() => undefined);
    void outcomeOf(client.runMainCycle());
    failRoot(client);
    await client.stopMainCycle();
    expect({ timers: world.clock.pending, clients: world.broker.openClients, isOpen: world.outbox.isOpen }).toEqual({
      timers: 0,
      clients: [],
      isOpen: false,
    });
  });

  test('keeps none either when it fails while it stops (M12)', async () => {
    const { client, world } = unit;
    await client.ready();
    const stopped = client.stopMainCycle();
    failRoot(client);
    await stopped;
    expect({ timers: world.clock.pending, clients: world.broker.openClients }).toEqual({ timers: 0, clients: [] });
  });

  test('calls no handler any more, and its program can still restart', async () => {
    const { client, world } = unit;
    let calls = 0;
    client.setOutputHandler(() => (calls += 1));
    const running = outcomeOf(client.runMainCycle());
    await client.ready();
    failRoot(client);
    await running;
    const before = calls;
    world.clock.advance(60_000);
    expect(calls).toBe(before);
    void client.restartDevice();
    await until(() => world.process.restarts.length === 1);
  });

  test('leaves the program to itself where nobody supervises it', async () => {
    await unit.client.ready();
    failRoot(unit.client);
    await unit.client.stopMainCycle();
    expect(unit.world.process.restarts).toEqual([]);
  });
});

test('a supervised unit whose root machine has failed leaves, with its log flushed', async () => {
  const process = memoryProcessControl(true);
  const { client, world } = createTestUnit({ adapters: { process } });
  await client.ready();
  failRoot(client);
  await until(() => process.restarts.length === 1);
  expect(process.restarts).toEqual(['exit']);
  expect(await client.logger.getFullLog()).toContainEqual(expect.objectContaining({ level: 'Critical' }));
  expect(world.outbox.isOpen).toBe(false);
  await client.stopMainCycle();
});

test('a real link is closed when the root machine fails', async () => {
  const live = await createLiveUnit();
  try {
    const gone: string[] = [];
    live.instance.events.on('disconnect', ({ clientId }) => gone.push(clientId));
    await live.client.ready();
    failRoot(live.client);
    await until(() => gone.length === 1);
  } finally {
    await live.stop();
  }
});

const offline = () => {
  const unit = createTestUnit();
  unit.world.broker.refuse(new BrokerError('network', 'No broker is there.'));
  return unit;
};

describe('ready with a limit', () => {
  test('rejects when the time is over, by the injected clock, and the unit goes on', async () => {
    const { client, world } = offline();
    const outcome = outcomeOf(client.ready({ timeoutMs: 5_000 }));
    await until(() => world.broker.connects.length > 0);
    world.clock.advance(5_000);
    expect((await outcome)[0]).toMatchObject({ name: 'ClientError', code: 'timeout' });
    expect(client.actor.getSnapshot().status).toBe('active');
    await client.stopMainCycle();
    expect(world.clock.pending).toBe(0);
  });

  test('rejects with the reason when it is aborted, and leaves no listener', async () => {
    const { client } = offline();
    const abort = new AbortController();
    const outcome = outcomeOf(client.ready({ signal: abort.signal }));
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(1);
    const reason = new Error('no more patience');
    abort.abort(reason);
    const [error, cause] = await outcome;
    expect(error).toMatchObject({ name: 'ClientError', code: 'aborted' });
    expect(cause).toBe(reason);
    expect(getEventListeners(abort.signal, 'abort')).toHaveLength(0);
    await client.stopMainCycle();
  });

  test('starts nothing for a signal that was aborted before', async () => {
    const { client, world } = offline();
    const [error] = await outcomeOf(client.ready({ signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ name: 'ClientError', code: 'aborted' });
    expect(client.actor.getSnapshot().matches({ lifecycle: 'idle' })).toBe(true);
    expect(world.clock.pending).toBe(0);
  });

  test('rejects for a signal that was aborted before though the unit is online, and takes no disconnect back', async () => {
    const { client } = createTestUnit();
    await client.ready();
    const [error] = await outcomeOf(client.ready({ signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ name: 'ClientError', code: 'aborted' });
    const outcome = outcomeOf(client.ready({ signal: AbortSignal.abort() }));
    await client.mqttClient.disconnect();
    expect((await outcome)[0]).toMatchObject({ name: 'ClientError', code: 'aborted' });
    expect(client.mqttClient.isConnected()).toBe(false);
    await client.stopMainCycle();
  });

  test('leaves neither listener nor timer when it resolves or fails in time', async () => {
    const { client, world } = createTestUnit();
    const { signal } = new AbortController();
    await client.ready({ timeoutMs: 60_000, signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await client.mqttClient.disconnect();
    const outcome = outcomeOf(client.ready({ timeoutMs: 60_000, signal }));
    failRoot(client);
    expect((await outcome)[0]).toMatchObject(itsFailure);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await client.stopMainCycle();
    expect(world.clock.pending).toBe(0);
  });

  test.each([{ timeoutMs: 0 }, { timeoutMs: '5' }, { timeoutMs: 2 ** 31 }, { signal: {} }, 5])(
    'refuses %j',
    async (options) => {
      const { client } = createTestUnit();
      const [error] = await outcomeOf(client.ready(options as never));
      expect(error).toMatchObject({ name: 'ClientError', code: 'options' });
    },
  );
});

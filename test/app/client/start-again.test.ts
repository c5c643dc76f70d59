import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { settle, until } from '../../support/until.ts';
import { inputNode } from '../api/rows.ts';

vi.setConfig({ testTimeout: 60_000 });

describe('in memory', () => {
  let unit: TestUnit;
  beforeEach(() => {
    unit = createTestUnit();
  });
  afterEach(() => unit.client.stopMainCycle());

  const input = 'simulated.test/10000000-0000-4000-8000-000000000001/pepeunit';
  /** Runs the main cycle until the unit is online. @returns The promise of the cycle. */
  const run = async () => {
    const before = unit.world.broker.connects.length;
    const running = unit.client.runMainCycle();
    await until(() => unit.world.broker.connects.length > before && unit.client.mqttClient.isConnected());
    await unit.client.ready();
    return { running };
  };

  test('the main cycle runs again after a stop, with the handlers and subscriptions of before', async () => {
    const { client, world } = unit;
    const seen: string[] = [];
    let calls = 0;
    client.setMqttInputHandler((_, message) => seen.push(`${message.key} ${message.text()}`));
    client.setOutputHandler(() => (calls += 1));
    client.setCustomUpdateHandler((_, payload) => seen.push(JSON.stringify(payload)));
    client.mqttClient.subscribeTopics(['simulated.test/news']);
    client.on('online', () => seen.push('online'));
    client.logger.disable('file');
    for (let round = 1; round <= 3; round += 1) {
      seen.length = 0;
      const { running } = await run();
      const before = calls;
      world.clock.advance(100);
      expect(calls).toBeGreaterThan(before);
      world.broker.send(input, 'x');
      world.broker.send('simulated.test/news', 'y');
      world.broker.send(
        client.schema.inputBaseTopic['update/pepeunit']?.[0] ?? '',
        '{"COMMAND":"Update","PU_COMMIT_VERSION":"next"}',
      );
      await until(() => seen.length === 5, { what: `all news of round ${round}: ${seen.join('; ')}` });
      expect(seen).toEqual(expect.arrayContaining(['online', 'input/pepeunit x', 'undefined y']));
      expect(seen).toContain('{"COMMAND":"Update","PU_COMMIT_VERSION":"next"}');
      await client.stopMainCycle();
      await running;
      expect(client.metrics()).toMatchObject({ connects: round, commands: { update: round } });
      expect(world.clock.pending).toBe(0);
    }
    expect(await client.logger.getFullLog()).toEqual([]);
  });

  test('what is set while the rest of the unit stops holds for the next start (M12)', async () => {
    const { client, world } = unit;
    const { running } = await run();
    let hasEnded = false;
    client.actor.on('stopped', () => {
      hasEnded = true;
      client.setCustomUpdateHandler(() => undefined);
      client.mqttClient.subscribeTopics(['simulated.test/late']);
      client.logger.disable('console');
    });
    await client.stopMainCycle();
    await running;
    expect(hasEnded).toBe(true);
    await run();
    expect(client.actor.getSnapshot().context).toMatchObject({
      handsOver: true,
      extraTopics: ['simulated.test/late'],
      logConfig: { console: false },
    });
    world.broker.send('simulated.test/late', 'x');
  });

  test('each start has an actor of its own, and what is set between them holds', async () => {
    const { client } = unit;
    const first = client.actor;
    await run();
    expect(client.actor).toBe(first);
    await client.stopMainCycle();
    client.mqttClient.subscribeTopics(['simulated.test/late']);
    client.logger.disable('console');
    const subscription = client.on('online', () => expect.unreachable('it was taken back'));
    subscription.unsubscribe();
    await expect(client.ready()).rejects.toMatchObject({ code: 'stopped' });
    await run();
    expect(client.actor).not.toBe(first);
    expect(first.getSnapshot().status).toBe('stopped');
    expect(client.actor.getSnapshot().context).toMatchObject({
      extraTopics: ['simulated.test/late'],
      logConfig: { console: false },
    });
  });

  test('what waited in the outbox goes out after the next start, once', async () => {
    const { client, world } = unit;
    await client.ready();
    await client.mqttClient.disconnect();
    await client.publishToTopics('output/pepeunit', 'kept');
    await client.stopMainCycle();
    expect(await client.publishToTopics('output/pepeunit', 'while stopped')).toBe(false);
    await run();
    const published = () => world.broker.published.filter(({ topic }) => topic.endsWith('0002/pepeunit'));
    await until(() => {
      world.clock.advance(1000);
      return published().length > 0;
    });
    world.clock.advance(10_000);
    await settle();
    expect(published().map(({ payload }) => new TextDecoder().decode(payload))).toEqual(['kept']);
  });

  test('a start during the stop waits for it, and another stop takes it back', async () => {
    const { client } = unit;
    await run();
    const stopping = client.stopMainCycle();
    const again = client.runMainCycle();
    const last = client.stopMainCycle();
    await Promise.all([stopping, again, last]);
    expect(client.mqttClient.isConnected()).toBe(false);
    void client.stopMainCycle();
    const running = client.runMainCycle();
    await until(() => client.mqttClient.isConnected());
    await client.stopMainCycle();
    await running;
  });

  test('a client that was stopped before its first start runs too', async () => {
    await unit.client.stopMainCycle();
    await run();
    expect(unit.client.mqttClient.isConnected()).toBe(true);
  });
});

describe('for real', () => {
  let live: LiveUnit;
  beforeEach(async () => {
    live = await createLiveUnit({ ffMqttLogEnable: false, mqtt: { spreadMs: 0 } });
  });
  afterEach(() => live.stop());

  const collect = (() => {
    setFlagsFromString('--expose-gc');
    return runInNewContext('gc') as () => void;
  })();

  const figures = async () => {
    await settle();
    collect();
    const resources = process.getActiveResourcesInfo().toSorted();
    const listeners = process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);
    return { resources, listeners, heap: process.memoryUsage().heapUsed };
  };

  test('50 rounds of start and stop leave no handle, no listener and no heap behind (M12, M15)', async () => {
    const { client } = live;
    const seen: string[] = [];
    client.setMqttInputHandler((_, message) => seen.push(message.text()));
    const actors: WeakRef<object>[] = [];
    const round = async (count: number) => {
      const running = client.runMainCycle();
      await client.ready();
      actors.push(new WeakRef(client.actor));
      expect(await client.publishToTopics('output/pepeunit', count)).toBe(true);
      if (count % 10 === 0) {
        await live.instance.operator.setStateInput(inputNode(live), `${count}`);
        await until(() => seen.includes(`${count}`), { what: `the message of round ${count}` });
      }
      await client.stopMainCycle();
      await running;
    };
    for (let count = 1; count <= 10; count += 1) await round(count);
    const before = await figures();
    for (let count = 11; count <= 60; count += 1) await round(count);
    await until(() => process.getActiveResourcesInfo().length <= before.resources.length, { what: 'closed handles' });
    const after = await figures();
    expect(after.listeners).toEqual(before.listeners);
    expect(
      actors.filter((actor) => actor.deref()),
      'actors that are kept',
    ).toHaveLength(1);
    expect((after.heap - before.heap) / 50, 'bytes a round').toBeLessThan(80_000);
    expect(client.metrics()).toMatchObject({ connects: 60, outbox: { waiting: 0, dropped: 0 } });
  });
});

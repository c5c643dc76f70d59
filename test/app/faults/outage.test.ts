import { expect, test } from 'vitest';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import { BrokerError } from '../../../services/errors.ts';
import { settle, until } from '../../support/until.ts';

const day = 86_400_000;
const stepMs = 5000;

const logged = (world: TestUnit['world'], what: string) =>
  world.console.entries.filter(({ text }) => text.includes(what)).length;

test('a day without the broker: the loop runs, attempts stay few, one reason is one log line (M9, M16, C17)', async () => {
  const { client, world } = createTestUnit({ env: { PU_MQTT_HOST: 'broker.simulated.test' } });
  let rounds = 0;
  client.setOutputHandler(() => {
    rounds += 1;
  });
  const running = client.runMainCycle({ cycleMs: stepMs });
  await client.ready();
  const timersBefore = world.clock.pending;
  world.broker.refuse(new BrokerError('network', 'Nobody is there.'));
  world.broker.cut();
  for (let passed = 0; passed < day; passed += stepMs) {
    world.clock.advance(stepMs);
    await settle();
  }
  expect(rounds).toBeGreaterThan((0.9 * day) / stepMs);
  // Two and a half minutes apart, by chance that is always one half.
  expect(world.broker.connects.length).toBeLessThan(600);
  expect(logged(world, 'Nobody is there')).toBe(1);
  expect(world.clock.pending).toBeLessThanOrEqual(timersBefore + 2);
  world.broker.refuse(undefined);
  await until(() => {
    world.clock.advance(1000);
    return client.mqttClient.isConnected();
  });
  await client.stopMainCycle();
  await running;
  expect(world.clock.pending).toBe(0);
});

test('a broker on this host that was gone for an hour is found within ten seconds of its return', async () => {
  const { client, world } = createTestUnit();
  await client.ready();
  world.broker.refuse(new BrokerError('network', 'Nobody is there.'));
  world.broker.cut();
  for (let passed = 0; passed < 3_600_000; passed += stepMs) {
    world.clock.advance(stepMs);
    await settle();
  }
  world.broker.refuse(undefined);
  world.clock.advance(10_000);
  await until(() => client.mqttClient.isConnected());
  await client.stopMainCycle();
});

test('a jump of the system clock changes nothing (M13)', async () => {
  const { client, world } = createTestUnit();
  await client.ready();
  for (const jump of [day, -2 * day, 10 * 365 * day]) {
    world.clock.jump(jump);
    for (let passed = 0; passed < 120_000; passed += stepMs) {
      world.clock.advance(stepMs);
      await settle();
    }
  }
  expect(world.broker.connects).toHaveLength(1);
  expect(client.mqttClient.isConnected()).toBe(true);
  await client.stopMainCycle();
});

const hour = 3_600_000;

/** What keeps a unit from its broker, and lets it wait. */
const hindrances: Readonly<Record<string, (broker: TestUnit['world']['broker']) => void>> = {
  'backing off': (broker) => {
    broker.refuse(new BrokerError('network', 'Nobody is there.'));
    broker.cut();
  },
  'in the slow retry': (broker) => {
    broker.refuse(new BrokerError('credentials', 'The token is not known.'));
    broker.cut();
  },
  'waiting for a sign of life': (broker) => broker.freeze(),
};

/** When a unit that is hindered for a quarter of an hour loses its link and tries again, by the monotonic clock. */
const attemptsOf = async (hindrance: string, jumpMs: number): Promise<string[]> => {
  const { client, world } = createTestUnit();
  await client.ready();
  const moments: string[] = [];
  const note = (what: string) => moments.push(`${what} at ${world.clock.monotonic()}`);
  client.on('offline', () => note('offline'));
  hindrances[hindrance]?.(world.broker);
  let known = world.broker.connects.length;
  for (let step = 0; step < 900; step += 1) {
    if (step % 7 === 0) world.clock.jump(step % 2 === 0 ? jumpMs : -jumpMs);
    world.clock.advance(1000);
    await settle();
    if (world.broker.connects.length > known) note('attempt');
    known = world.broker.connects.length;
  }
  await client.stopMainCycle();
  return moments;
};

test.each(Object.keys(hindrances))('jumps of the system clock change no wait while %s (M13)', async (hindrance) => {
  const steady = await attemptsOf(hindrance, 0);
  expect(steady.length).toBeGreaterThan(3);
  expect(await attemptsOf(hindrance, hour)).toEqual(steady);
});

test('a link that is dead after a suspend is noticed within two ping intervals (M4, M13)', async () => {
  const { client, world } = createTestUnit({ env: { PU_MQTT_PING_INTERVAL: 10 } });
  await client.ready();
  let isLost = false;
  client.on('offline', () => (isLost = true));
  world.clock.jump(3_600_000);
  world.broker.freeze();
  for (let passed = 0; passed < 20_000; passed += 1000) {
    world.clock.advance(1000);
    await settle();
  }
  expect(isLost).toBe(true);
  world.broker.thaw();
  await until(() => {
    world.clock.advance(1000);
    return client.mqttClient.isConnected();
  });
  await client.stopMainCycle();
});

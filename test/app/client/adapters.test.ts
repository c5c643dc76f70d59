import { expect, test } from 'vitest';
import { createTestUnit, createTestWorld, type TestWorld } from '../../../app/testing.ts';

const isPlain = (adapter: unknown): adapter is object =>
  typeof adapter === 'object' && adapter !== null && Object.getPrototypeOf(adapter) === Object.prototype;

/** The adapter with methods that need their object; those of a class do so already. */
const withThis = <T>(adapter: T): T => {
  if (!isPlain(adapter)) return adapter;
  const methods = Object.entries(adapter).map(([name, value]: [string, unknown]) => {
    const method = function (this: unknown, ...given: unknown[]): unknown {
      if (this !== bound) throw new TypeError(`${name}() was called without its object.`);
      return Reflect.apply(value as () => unknown, adapter, given);
    };
    return [name, { value: typeof value === 'function' ? method : value }] as const;
  });
  const bound: unknown = Object.create(adapter, Object.fromEntries(methods));
  return bound as T;
};

const adaptersOf = ({ adapters }: TestWorld): typeof adapters =>
  Object.fromEntries(
    Object.entries(adapters).map(([name, adapter]: [string, unknown]) => [name, withThis(adapter)]),
  ) as unknown as typeof adapters;

test('every adapter may be one of the app, with methods that need their object', async () => {
  const world = createTestWorld();
  const { client } = createTestUnit({ adapters: adaptersOf(world) });
  const ready = client.ready();
  await world.until(() => client.mqttClient.isConnected());
  await ready;
  expect(await client.publishToTopics('output/pepeunit', 'да')).toBe(true);
  await expect(client.restClient.getTargetVersion()).resolves.toHaveProperty('commit');
  let isStopped = false;
  void client.stopMainCycle().then(() => (isStopped = true));
  await world.until(() => isStopped);
  expect(world.console.entries.map(({ text }) => text).filter((text) => text.includes('its object'))).toEqual([]);
});

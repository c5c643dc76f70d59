import { getEventListeners, type EventEmitter } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mqttBroker } from '../../../adapters/shared/mqtt/broker.ts';
import { PepeunitClient } from '../../../app/node.ts';
import type { Broker } from '../../../services/broker.ts';
import { startRogueBroker, suback, type RogueBroker } from '../../lab/faults/rogue-broker.ts';
import { writeUnitDocuments } from '../../support/documents.ts';
import { until } from '../../support/until.ts';
import { temporaryFolder } from '../../support/folder.ts';

let folder: string;
let broker: RogueBroker;
beforeEach(async () => {
  folder = await temporaryFolder();
  // Ends each link as soon as it is subscribed.
  broker = await startRogueBroker((packet, { send, socket }) => {
    if (packet.cmd !== 'subscribe') return false;
    send(suback(packet));
    setImmediate(() => socket.destroy());
    return true;
  });
});
afterEach(async () => {
  await broker.stop();
});

/** Sums up what listens to the abort signals of links that were replaced. */
const countingSignals = () => {
  const real = mqttBroker();
  let last: AbortSignal | undefined;
  let left = 0;
  const open: Broker['open'] = (options, listener, signal) => {
    if (last) left += getEventListeners(last, 'abort').length;
    last = signal;
    return real.open(options, listener, signal);
  };
  return { broker: { ...real, open }, left: () => left };
};

/** A unit that tries again at once. */
const impatient = async (links: Broker): Promise<PepeunitClient> => {
  return new PepeunitClient({
    ...(await writeUnitDocuments(folder, { PU_MQTT_PORT: broker.port })),
    ffConsoleLogEnable: false,
    ffFileLogEnable: false,
    ffMqttLogEnable: false,
    mqtt: { protocol: 4 },
    adapters: { random: () => 0, broker: links },
  });
};

/** What XState shows to nobody. */
interface InsideActor {
  readonly observers: ReadonlySet<unknown>;
  readonly eventListeners: ReadonlyMap<string, ReadonlySet<unknown>>;
  getSnapshot(): unknown;
}
interface InsideSystem {
  _register(id: string, actor: unknown): string;
  _unregister(actor: { readonly sessionId: string }): void;
}

/** Counts the actors that a system holds, of those that begin from now on. */
const census = (system: object) => {
  const inside = system as InsideSystem;
  const { _register: register, _unregister: unregister } = inside;
  const held = new Set<string>();
  inside['_register'] = (id, actor) => {
    held.add(id);
    return register(id, actor);
  };
  inside['_unregister'] = (actor) => {
    held.delete(actor.sessionId);
    unregister(actor);
  };
  return () => held.size;
};

/** Who observes an actor, or one below it. */
const observersOf = (actor: InsideActor): number => {
  const { children = {} } = actor.getSnapshot() as { children?: Record<string, InsideActor> };
  const listening = [...actor.eventListeners.values()].reduce((sum, { size }) => sum + size, 0);
  return Object.values(children).reduce((sum, child) => sum + observersOf(child), actor.observers.size + listening);
};

/** What listens to the process, and to its sockets, timers and whatever else is open. */
const listeners = (): number => {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): Partial<EventEmitter>[] };
  return [process, ...handles()]
    .flatMap((emitter) => (emitter.eventNames?.() ?? []).map((name) => emitter.listenerCount?.(name) ?? 0))
    .reduce((sum, count) => sum + count, 0);
};

const heap = (): number => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
};

const reconnects = 1_000;
const mostBytesEach = 8 * 1024;

test('1,000 reconnects leave timers, sockets, listeners, observers, actors and the heap as they were (M15)', async () => {
  const signals = countingSignals();
  const client = await impatient(signals.broker);
  const actors = census(client.actor.system);
  client.mqttClient.connect().catch(() => undefined);
  const settled = async (connects: number) => {
    await until(() => broker.connects.length >= connects, { timeoutMs: 100_000, what: `${connects} connects` });
    return {
      actors: actors(),
      observers: observersOf(client.actor as unknown as InsideActor),
      listeners: listeners(),
      resources: process.getActiveResourcesInfo().length,
      heap: heap(),
    };
  };
  const before = await settled(100);
  const after = await settled(100 + reconnects);
  // One link more or less may be open at the moment: a socket at each end, with what listens to them.
  expect(Math.abs(after.actors - before.actors)).toBeLessThanOrEqual(1);
  expect(Math.abs(after.observers - before.observers)).toBeLessThanOrEqual(2);
  expect(Math.abs(after.listeners - before.listeners)).toBeLessThanOrEqual(40);
  expect(Math.abs(after.resources - before.resources)).toBeLessThanOrEqual(12);
  // A link that is not let go takes more.
  expect((after.heap - before.heap) / reconnects).toBeLessThan(mostBytesEach);
  expect(signals.left()).toBe(0);
  expect(client.actor.getSnapshot().context.counts.connects).toBeGreaterThanOrEqual(reconnects);
  await client.stopMainCycle();
  await until(() => broker.open.size === 0, { what: 'the end of all connections' });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PepeunitClient } from '../../../app/node.ts';
import { startRogueBroker, suback, type RogueBroker } from '../../faults/rogue-broker.ts';
import { envDocument, schemaDocument } from '../../support/env.ts';
import { until } from '../../support/until.ts';

let folder: string;
let broker: RogueBroker;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pepeunit-reconnects-'));
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
  await rm(folder, { recursive: true, force: true });
});

const path = (name: string) => join(folder, name);

/** A unit that tries again at once. */
const impatient = async (): Promise<PepeunitClient> => {
  await writeFile(path('env.json'), JSON.stringify(envDocument({ PU_MQTT_PORT: broker.port })));
  await writeFile(path('schema.json'), JSON.stringify(schemaDocument()));
  return new PepeunitClient({
    envFilePath: path('env.json'),
    schemaFilePath: path('schema.json'),
    logFilePath: path('log.json'),
    ffConsoleLogEnable: false,
    ffFileLogEnable: false,
    ffMqttLogEnable: false,
    mqtt: { protocol: 4 },
    adapters: { random: () => 0 },
  });
};

const resources = () => {
  const names = process.getActiveResourcesInfo();
  return {
    sockets: names.filter((name) => name === 'TCPSocketWrap').length,
    timers: names.filter((name) => name === 'Timeout').length,
  };
};

const listeners = () => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

/** Every actor that the unit has, children of children included. */
const actorsOf = (actor: { getSnapshot(): unknown }): number => {
  const { children = {} } = actor.getSnapshot() as { children?: Record<string, { getSnapshot(): unknown }> };
  return Object.values(children).reduce((sum, child) => sum + actorsOf(child), 1);
};

test(
  '1,000 reconnects leave timers, sockets, listeners and actors as they were (M15)',
  { timeout: 120_000 },
  async () => {
    const client = await impatient();
    client.mqttClient.connect().catch(() => undefined);
    const settled = async (connects: number) => {
      await until(() => broker.connects.length >= connects, { timeoutMs: 100_000, what: `${connects} connects` });
      return { ...resources(), listeners: listeners(), actors: actorsOf(client.actor) };
    };
    const before = await settled(20);
    const after = await settled(1020);
    // One link more or less may be open at the moment.
    expect(Math.abs(after.sockets - before.sockets)).toBeLessThanOrEqual(4);
    expect(Math.abs(after.timers - before.timers)).toBeLessThanOrEqual(8);
    expect(Math.abs(after.actors - before.actors)).toBeLessThanOrEqual(1);
    expect(after.listeners).toBe(before.listeners);
    expect(client.actor.getSnapshot().context.figures.connects).toBeGreaterThanOrEqual(1000);
    await client.stopMainCycle();
    await until(() => broker.open.size === 0, { what: 'the end of all connections' });
  },
);

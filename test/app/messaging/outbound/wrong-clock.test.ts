import { afterEach, beforeEach, expect, test } from 'vitest';
import { PepeunitClient } from '../../../../app/node.ts';
import { systemClock } from '../../../../adapters/shared/clock.ts';
import { startAedes, type AedesBroker } from '../../../support/aedes-broker.ts';
import { schemaDocument, writeUnitDocuments, type UnitPaths } from '../../../support/documents.ts';
import { temporaryFolder } from '../../../support/folder.ts';
import { until } from '../../../support/until.ts';

const dayMs = 24 * 3_600_000;
const [topic = ''] = (schemaDocument()['output_topic'] as Record<string, string[]>)['output/pepeunit'] ?? [];

let broker: AedesBroker;
let paths: UnitPaths;
let arrived: string[];
const clients: PepeunitClient[] = [];
beforeEach(async () => {
  broker = await startAedes();
  arrived = [];
  broker.aedes.on('publish', (packet) => {
    if (packet.topic === topic) arrived.push(packet.payload.toString());
  });
  paths = await writeUnitDocuments(await temporaryFolder(), { PU_MQTT_PORT: broker.port });
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.stopMainCycle()));
  await broker.stop();
});

/** A unit whose clock, and whose time server if it answers, are so many days behind. */
const unit = ({ hostDays, serverDays }: { hostDays: number; serverDays?: () => number | undefined }) => {
  const clock = { ...systemClock(), now: () => Date.now() - hostDays * dayMs };
  const readOffset = async () => {
    const days = serverDays?.();
    if (days === undefined) throw new Error('no answer');
    return Date.now() - days * dayMs - performance.now();
  };
  const client = new PepeunitClient({
    ...paths,
    mqtt: { spreadMs: 0 },
    ffConsoleLogEnable: false,
    ffMqttLogEnable: false,
    adapters: { clock, clockSource: { readOffset } },
  });
  clients.push(client);
  return client;
};

const store = async (client: PepeunitClient) => {
  await client.ready();
  await client.mqttClient.disconnect();
  for (const text of ['1', '2', '3']) await client.mqttClient.publishDetailed(topic, text, { qos: 1 });
  await client.stopMainCycle();
};

test.each([
  ['39 days behind, and the next start has the time', 39, 0],
  ['39 days behind, and so is the next', 39, 39],
  ['39 days ahead, and the next start has the time', -39, 0],
])(
  'messages of a start whose clock was never synchronised and %s arrive (S14)',
  async (_clocks, hostDays, nextDays) => {
    await store(unit({ hostDays }));
    const next = unit({ hostDays: nextDays, serverDays: () => 0 });
    await next.ready();
    await until(() => arrived.length === 3);
    expect(arrived).toEqual(['1', '2', '3']);
    expect(next.mqttClient.metrics()).toMatchObject({ expired: 0 });
  },
);

test('messages that are too old between two synchronised times expire, whatever the clock of the host says (S6, S14)', async () => {
  const old = unit({ hostDays: 0, serverDays: () => 39 });
  await old.ready();
  await old.timeManager.syncEpochMsFromNtp();
  await store(old);
  const next = unit({ hostDays: 39, serverDays: () => 0 });
  await next.mqttClient.disconnect();
  await next.timeManager.syncEpochMsFromNtp();
  await until(() => next.mqttClient.metrics().expired === 3);
  expect(next.mqttClient.metrics()).toMatchObject({ waiting: 0, expired: 3 });
});

test('messages keep the time of their acceptance through a start without a time server (S6, S14)', async () => {
  const old = unit({ hostDays: 0, serverDays: () => 4 });
  await old.ready();
  await old.timeManager.syncEpochMsFromNtp();
  await store(old);
  let days: number | undefined;
  const next = unit({ hostDays: 0, serverDays: () => days });
  await next.settings.loadFromFile();
  await until(() => next.mqttClient.metrics().waiting === 3);
  days = 0;
  await next.timeManager.syncEpochMsFromNtp();
  expect(next.mqttClient.metrics()).toMatchObject({ waiting: 3, expired: 0 });
  await next.stopMainCycle();
  const last = unit({ hostDays: 0, serverDays: () => -4 });
  await last.settings.loadFromFile();
  await last.timeManager.syncEpochMsFromNtp();
  await until(() => last.mqttClient.metrics().expired === 3);
});

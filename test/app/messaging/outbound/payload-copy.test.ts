import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { PepeunitClient } from '../../../../app/node.ts';
import { startAedes, type AedesBroker } from '../../../support/aedes-broker.ts';
import { schemaDocument, writeUnitDocuments } from '../../../support/documents.ts';
import { temporaryFolder } from '../../../support/folder.ts';
import { until } from '../../../support/until.ts';

const [topic = ''] = (schemaDocument()['output_topic'] as Record<string, string[]>)['output/pepeunit'] ?? [];

let broker: AedesBroker;
let client: PepeunitClient;
let arrived: Buffer[];
beforeEach(async () => {
  broker = await startAedes();
  arrived = [];
  broker.aedes.on('publish', (packet) => {
    if (packet.topic === topic) arrived.push(Buffer.from(packet.payload));
  });
  client = new PepeunitClient({
    ...(await writeUnitDocuments(await temporaryFolder(), { PU_MQTT_PORT: broker.port })),
    mqtt: { spreadMs: 0 },
    ffConsoleLogEnable: false,
    ffMqttLogEnable: false,
  });
  await client.ready();
});
afterEach(async () => {
  await client.stopMainCycle();
  await broker.stop();
});

const growing = (bytes: number, options: object) => Reflect.construct(ArrayBuffer, [bytes, options]) as ArrayBuffer;
const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
/** One buffer for all readings, of each kind that the types take. */
const buffers: readonly (readonly [kind: string, make: () => Uint8Array])[] = [
  ['a Uint8Array', () => new Uint8Array(4)],
  ['a Buffer', () => Buffer.alloc(4)],
  ['a Buffer of the pool', () => Buffer.from('....')],
  ['a view on a larger buffer', () => new Uint8Array(new ArrayBuffer(64), 16, 4)],
  ['a part of a Buffer', () => Buffer.alloc(64).subarray(16, 20)],
  ['a view on shared memory', () => shared],
  ['a view on a buffer that can grow', () => new Uint8Array(growing(4, { maxByteLength: 64 }))],
  ['a Uint8Array of another realm', () => runInNewContext('new Uint8Array(4)') as Uint8Array],
];

describe.each(buffers)('%s that the caller fills again', (_kind, make) => {
  test.each([0, 1, 2] as const)('arrives as it was at each call at QoS %i, online (S13)', async (qos) => {
    const reading = make();
    const results: Promise<unknown>[] = [];
    for (let value = 1; value <= 5; value += 1) {
      reading.fill(value);
      results.push(
        value % 2 === 0
          ? client.mqttClient.publishDetailed(topic, reading, { qos })
          : client.publishToTopics('output/pepeunit', reading, { qos }),
      );
    }
    reading.fill(99);
    await Promise.all(results);
    await until(() => arrived.length === 5);
    expect(arrived.map((payload) => [...payload])).toEqual([1, 2, 3, 4, 5].map((value) => Array(4).fill(value)));
  });

  test.each([0, 1] as const)('arrives as it was at each call at QoS %i, after an outage (S13)', async (qos) => {
    await client.mqttClient.disconnect();
    const reading = make();
    for (let value = 1; value <= 5; value += 1) {
      reading.fill(value);
      expect(await client.mqttClient.publishDetailed(topic, reading, { qos })).toEqual({ outcome: 'queued' });
    }
    reading.fill(99);
    await client.mqttClient.connect();
    await until(() => arrived.length === 5);
    expect(arrived.map((payload) => [...payload])).toEqual([1, 2, 3, 4, 5].map((value) => Array(4).fill(value)));
  });
});

test('a buffer that was transferred away before the call is an empty message, one after it is whole (S13)', async () => {
  const gone = new Uint8Array(4).fill(1);
  structuredClone(gone, { transfer: [gone.buffer] });
  const going = new Uint8Array(4).fill(2);
  const results = [client.mqttClient.publishDetailed(topic, gone), client.mqttClient.publishDetailed(topic, going)];
  structuredClone(going, { transfer: [going.buffer] });
  expect(await Promise.all(results)).toEqual([{ outcome: 'delivered' }, { outcome: 'delivered' }]);
  await until(() => arrived.length === 2);
  expect(arrived.map((payload) => [...payload])).toEqual([[], [2, 2, 2, 2]]);
});

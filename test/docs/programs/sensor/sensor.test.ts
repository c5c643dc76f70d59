import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { PepeunitClient } from 'pepeunit-client';
import { startInstance, type Instance } from 'pepeunit-client/instance';
import { outbox, randomWalk, sensor } from './sensor.js';
import type { Unit } from './unit/unit.js';

const until = async (check: () => boolean, withinMs = 90_000): Promise<void> => {
  for (const end = Date.now() + withinMs; !check(); await wait(20)) assert.ok(Date.now() < end, String(check));
};

/** What a device gets: a folder with env.json and schema.json. */
const install = async ({ operator }: Instance, uuid: string, folder: string) => {
  await mkdir(folder);
  const [envFilePath, schemaFilePath] = [join(folder, 'env.json'), join(folder, 'schema.json')];
  await writeFile(envFilePath, JSON.stringify(await operator.getEnv(uuid)));
  await writeFile(schemaFilePath, JSON.stringify(operator.getSchema(uuid)));
  return { envFilePath, schemaFilePath, logFilePath: join(folder, 'log.json'), ffConsoleLogEnable: false };
};

/** Readings without repetitions. */
const distinct = (readings: string[]): string[] => [...new Set(readings)];

test('no reading is lost when the broker restarts', { timeout: 300_000 }, async (context) => {
  const root = await mkdtemp(join(tmpdir(), 'sensor-'));
  const dataDir = join(root, 'instance');
  const [taken, heard, celsius]: [string[], string[], number[]] = [[], [], []];
  const watch = (started: Instance): Instance => {
    started.events.on('published', ({ key, payload, denied, qos }) => {
      if (key !== 'temperature/pepeunit' || denied) return;
      assert.equal(qos, 1);
      taken.push(new TextDecoder().decode(payload));
    });
    return started;
  };
  let instance = watch(await startInstance({ dataDir }));
  const { mqttUrl, apiUrl, operator } = instance;
  const [mqttPort, httpPort] = [Number(new URL(mqttUrl).port), Number(new URL(apiUrl).port)];
  const thermometer = await operator.createUnit({
    name: 'thermometer',
    folder: 'unit',
    env: { PUBLISH_EVERY_MS: 100 },
  });
  const display = await operator.createUnit({ name: 'display', folder: 'listener' });
  const output = thermometer.unit_nodes.find(({ topic_name: key }) => key === 'temperature/pepeunit');
  const input = display.unit_nodes.find(({ topic_name: key }) => key === 'reading/pepeunit');
  assert.ok(output && input, 'the nodes have the keys of schema_example.json');
  await operator.createEdge(output.uuid, input.uuid);

  // A unit listens at QoS 0, without a session: what comes before it is back is not for it. So the sensor's way to the
  // broker is a gate, which opens again once the listener is back.
  let isOpen = true;
  const gate = createServer((socket) => {
    const broker = connect(mqttPort, '127.0.0.1');
    for (const [end, other] of [
      [socket, broker],
      [broker, socket],
    ] as const)
      end.on('error', () => other.destroy());
    if (isOpen) socket.pipe(broker).pipe(socket);
    else [socket, broker].forEach((end) => end.destroy());
  }).listen(0, '127.0.0.1');
  await once(gate, 'listening');
  const brokers = [`mqtt://127.0.0.1:${(gate.address() as AddressInfo).port}`];

  const listener = new PepeunitClient(await install(instance, display.uuid, join(root, 'display')));
  listener.setMqttInputHandler((_, message) => void (message.key === 'reading/pepeunit' && heard.push(message.text())));
  const files = await install(instance, thermometer.uuid, join(root, 'thermometer'));
  const unit = new PepeunitClient<Unit['env']>({ ...files, outbox, mqtt: { brokers } });
  const walk = randomWalk();
  sensor(unit, () => {
    celsius.push(walk());
    return celsius.at(-1) ?? NaN;
  });
  await listener.ready();
  const running = unit.runMainCycle();
  await until(() => heard.length >= 10);

  isOpen = false;
  await instance.stop();
  await until(() => !unit.mqttClient.isConnected() && !listener.mqttClient.isConnected());
  const before = celsius.length;
  await until(() => celsius.length >= before + 30);
  const inOutage = celsius.length - before;
  instance = watch(await startInstance({ dataDir, mqttPort, httpPort }));
  assert.deepEqual([instance.mqttUrl, instance.apiUrl], [mqttUrl, apiUrl]);
  await until(() => listener.mqttClient.isConnected());
  await listener.ready();
  isOpen = true;
  await until(() => unit.mqttClient.isConnected());
  const back = celsius.length;
  await until(() => celsius.length >= back + 20);
  unit.setOutputHandler(undefined);

  const all = celsius.map((value, index) => JSON.stringify({ number: index + 1, celsius: value }));
  await until(() => unit.mqttClient.metrics().waiting + unit.mqttClient.metrics().sending === 0);
  await until(() => heard.at(-1) === all.at(-1));
  context.diagnostic(
    `${all.length} readings, ${inOutage} in the outage; broker took ${taken.length}, listener ${heard.length}`,
  );
  for (const client of [unit, listener]) await client.stopMainCycle();
  await running;
  await instance.stop();
  gate.close();
  await rm(root, { recursive: true });
  assert.deepEqual(distinct(taken), all);
  assert.deepEqual(distinct(heard), all);
});

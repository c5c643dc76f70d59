/** A unit that keeps a room cool: it publishes the temperature and the fan's duty, and obeys `set_fan_state`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PepeunitClient } from 'pepeunit-client';
import type env from './env_example.json';
import { dutyAt, parseFanState, type FanCurve, type FanState } from './fan.ts';
import { createRoom } from './room.ts';

const inFolder = (name: string) => join(import.meta.dirname, name);
const curve = JSON.parse(readFileSync(inFolder('curve.json'), 'utf8')) as FanCurve;
const room = createRoom();
let fanState: FanState = 'auto';
let duty = 0;
let publishedAt = 0;

const client = new PepeunitClient<typeof env>({
  envFilePath: inFolder('env.json'),
  schemaFilePath: inFolder('schema.json'),
  logFilePath: inFolder('log.json'),
});

client.setMqttInputHandler((unit, message) => {
  if (message.key !== 'set_fan_state/pepeunit') return;
  const wanted = parseFanState(message.text());
  if (wanted === undefined) {
    unit.logger.warning(`The fan can't be set to "${message.text()}": send auto, on, off or 0 to 100`);
    return;
  }
  fanState = wanted;
  unit.logger.info(`The fan is set to ${wanted}`);
});

client.setOutputHandler(async (unit) => {
  const now = unit.timeManager.getEpochMs();
  if (now - publishedAt < unit.settings.PUBLISH_EVERY_MS) return;
  publishedAt = now;
  const celsius = room.step(duty);
  duty = Math.min(dutyAt(celsius, fanState, curve), unit.settings.MAX_DUTY);
  // The next temperature comes soon: QoS 0 spares the acknowledgement, and may lose one when the connection breaks.
  await unit.publishToTopics('temperature/pepeunit', celsius, { qos: 0 });
  // QoS 1, the default: it is sent until the broker has acknowledged it.
  await unit.publishToTopics('fan_duty/pepeunit', duty);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void client.stopMainCycle());
await client.runMainCycle();

/**
 * Measures many clients in one process: starts them in two halves, and tells memory, CPU and time that each of the second
 * half took, and the CPU of all of them at rest. Argument: a JSON object with the subject's name. Run with --expose-gc.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inputTopics, uuidOf, writeDocuments } from './documents.mjs';
import { tell } from './parent.mjs';

const { subject, count, idleSeconds, settleSeconds, restSeconds, port, restPort, timePort, protocol, options } =
  JSON.parse(process.argv[2]);
/** Clients that start at the same time. */
const abreast = 20;

const root = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));

const startBare = async () => {
  const { default: mqtt } = await import('mqtt');
  return async (number) => {
    const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
      clientId: uuidOf(`unit ${number}`),
      protocolVersion: protocol,
    });
    await client.subscribeAsync(inputTopics(1, number), { qos: 1 });
    return () => client.endAsync();
  };
};

const startUnit = async () => {
  const { PepeunitClient } = await import('pepeunit-client');
  const { systemClock } = await import('../../../adapters/shared/clock.ts');
  const { sharedClockSource } = await import('../../../adapters/shared/shared-clock-source.ts');
  const { sntpClockSource } = await import('../../../adapters/node/sntp.ts');
  // What Node's units have, at another port.
  const clock = systemClock();
  const sntp = sntpClockSource({ host: '127.0.0.1', port: timePort, clock });
  const clockSource = sharedClockSource(sntp, 'The time server', clock);
  const numbers = Array.from({ length: count }, (_, number) => number);
  const documents = await Promise.all(
    numbers.map((number) => writeDocuments(join(root, String(number)), { port, restPort, unit: number })),
  );
  return async (number) => {
    const client = new PepeunitClient({
      ...documents[number],
      ffConsoleLogEnable: false,
      adapters: { clockSource },
      ...options,
      mqtt: { protocol, ...options.mqtt },
    });
    client.setMqttInputHandler(() => undefined);
    await client.ready();
    return () => client.stopMainCycle();
  };
};

const start = await { bare: startBare, unit: startUnit }[subject]();

const ends = [];
const startUpTo = async (wanted) => {
  while (ends.length < wanted) {
    const numbers = Array.from({ length: Math.min(abreast, wanted - ends.length) }, (_, at) => ends.length + at);
    ends.push(...(await Promise.all(numbers.map(start))));
  }
};

/** CPU of all threads so far, milliseconds. */
const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const settle = () => delay(settleSeconds * 1000);

/** Bytes in use once all that can go is gone. */
const memory = async () => {
  for (let turn = 0; turn < 10; turn += 1) {
    globalThis.gc();
    await delay(settleSeconds * 20);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
};

const half = Math.floor(count / 2);
await startUpTo(half);
await settle();
const before = await memory();
const [startCpu, startTime] = [cpuMs(), performance.now()];
await startUpTo(count);
const started = count - half;
const startMs = (performance.now() - startTime) / started;
await settle();
const startCpuMs = (cpuMs() - startCpu) / started;
const after = await memory();
// V8 tidies up once after all that, within ten seconds, which takes more CPU than a minute at rest.
await delay(restSeconds * 1000);
const [idleCpu, idleTime] = [cpuMs(), performance.now()];
await delay(idleSeconds * 1000);
const idlePercent = ((cpuMs() - idleCpu) / (performance.now() - idleTime)) * 100;
await tell({
  rssKb: (after.rss - before.rss) / 1024 / started,
  heapKb: (after.heapUsed - before.heapUsed) / 1024 / started,
  startCpuMs,
  startMs,
  idlePercent,
});
await Promise.all(ends.map((end) => end()));
// A unit whose stop took too long may still write.
await rm(root, { recursive: true, maxRetries: 20, retryDelay: 200 });
process.disconnect();

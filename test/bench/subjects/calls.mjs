/**
 * Measures a call that is made again and again, in a process of its own. Argument: a JSON object with the subject's name,
 * the call and how often. Tells the median and the rate.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { baseTopic, inputTopics, uuidOf, writeDocuments } from './documents.mjs';
import { ask, tell } from './parent.mjs';

const { subject, call, count, port, protocol, options } = JSON.parse(process.argv[2]);
const folder = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));

const startUnit = async (inputs = 1) => {
  const { PepeunitClient } = await import('pepeunit-client');
  const client = new PepeunitClient({
    ...(await writeDocuments(folder, { port, inputs })),
    ffConsoleLogEnable: false,
    ...options,
    mqtt: { protocol, ...options.mqtt },
    outbox: { rate: false, ...options.outbox },
  });
  await client.ready();
  return client;
};

const connectBare = async () => {
  const { default: mqtt } = await import('mqtt');
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: uuidOf('unit 0'),
    protocolVersion: protocol,
  });
  await client.subscribeAsync(inputTopics(1), { qos: 1 });
  return client;
};

/** From an order of the instance until what it asks for is done: the log is at the broker. */
const command = async () => {
  const client = await startUnit();
  let synced;
  client.on('logsSynced', () => synced());
  const once = async () => {
    const done = new Promise((resolve) => {
      synced = resolve;
    });
    await ask('send', `${baseTopic('input_base_topic', 'log_sync')} {"COMMAND":"LogSync"}`);
    await done;
  };
  return { once, end: () => client.stopMainCycle() };
};

/** From the end of a connection until the next one has subscribed. */
const reconnectOf = {
  bare: async () => {
    let client = await connectBare();
    const once = async () => {
      await client.endAsync();
      client = await connectBare();
    };
    return { once, end: () => client.endAsync() };
  },
  unit: async () => {
    const client = await startUnit();
    const once = async () => {
      await client.mqttClient.disconnect();
      await client.mqttClient.connect();
    };
    return { once, end: () => client.stopMainCycle() };
  },
};

/** Looks up the key of a topic among 10,000. */
const lookUp = async () => {
  const { SearchScope, SearchTopicType } = await import('pepeunit-client');
  const size = 10_000;
  const client = await startUnit(size);
  const topics = inputTopics(size);
  let at = 0;
  const once = () => {
    at = (at + 4099) % size;
    const key = client.schema.findTopicByUnitNode(topics[at], SearchTopicType.FullName, SearchScope.Input);
    if (key !== `in-${at}/pepeunit`) throw new Error(`${topics[at]} is found under ${key}`);
  };
  return { once, end: () => client.stopMainCycle() };
};

/** Encrypts and decrypts a text of 64 bytes. */
const cipher = async () => {
  const { AesGcmCipher } = await import('pepeunit-client');
  const aes = new AesGcmCipher();
  const key = randomBytes(32).toString('base64');
  const text = 'x'.repeat(64);
  const once = async () => {
    const opened = await aes.aesGcmDecode(await aes.aesGcmEncode(text, key), key);
    if (opened !== text) throw new Error('the cipher gives another text');
  };
  return { once, end: () => undefined };
};

const { once, end } = await { command, reconnect: reconnectOf[subject], lookUp, cipher }[call]();

const run = async (times) => {
  const durations = [];
  const start = performance.now();
  for (let turn = 0; turn < times; turn += 1) {
    const begun = performance.now();
    const done = once();
    if (done) await done;
    durations.push(performance.now() - begun);
  }
  const seconds = (performance.now() - start) / 1000;
  durations.sort((a, b) => a - b);
  return { ms: durations[Math.floor(times / 2)], perSecond: times / seconds };
};

await run(Math.ceil(count / 4));
const result = await run(count);
await end();
await rm(folder, { recursive: true });
await tell(result);
process.disconnect();

/** One measured client in a process of its own: bare mqtt.js or a unit. Arguments: kind, direction, qos, count, port. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [kind, direction, qosText, countText, port] = process.argv.slice(2);
const qos = Number(qosText);
const count = Number(countText);
const uuid = '0d7c3a52-6e0b-4a86-9d6f-4c1f0b6f2a11';
const inTopic = `bench/${uuid}/in/pepeunit`;
const outTopic = `bench/${uuid}/out/pepeunit`;
const payload = 'x'.repeat(64);

/** Resolves after `wanted` calls of the function it gives. */
const counter = () => {
  let left = Infinity;
  let done;
  return {
    hit: () => {
      left -= 1;
      if (left === 0) done?.();
    },
    after: (wanted) =>
      new Promise((resolve) => {
        left = wanted;
        done = resolve;
      }),
  };
};

const bare = async (hits) => {
  const { connectAsync } = (await import('mqtt')).default;
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: uuid, reconnectPeriod: 0 });
  const routes = new Map([[inTopic, () => hits.hit()]]);
  client.on('message', (topic, message) => routes.get(topic)?.(message));
  await client.subscribeAsync([inTopic], { qos });
  return {
    publish: () => client.publishAsync(outTopic, payload, { qos }),
    end: () => client.endAsync(),
  };
};

const unit = async (hits) => {
  const { PepeunitClient } = await import('pepeunit-client');
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));
  const base = (section, name) => ({ [`${name}/pepeunit`]: [`bench/${section}/${uuid}/${name}/pepeunit`] });
  const token = `e30.${Buffer.from(JSON.stringify({ uuid, type: 'Unit' })).toString('base64url')}.c2ln`;
  const env = {
    PU_DOMAIN: '127.0.0.1:9',
    PU_HTTP_TYPE: 'http',
    PU_MQTT_HOST: '127.0.0.1',
    PU_MQTT_PORT: Number(port),
    PU_AUTH_TOKEN: token,
  };
  const schema = {
    input_base_topic: base('input_base_topic', 'update'),
    output_base_topic: { ...base('output_base_topic', 'state'), ...base('output_base_topic', 'log') },
    input_topic: { 'in/pepeunit': [inTopic] },
    output_topic: { 'out/pepeunit': [outTopic] },
  };
  await writeFile(join(folder, 'env.json'), JSON.stringify(env));
  await writeFile(join(folder, 'schema.json'), JSON.stringify(schema));
  const client = new PepeunitClient({
    envFilePath: join(folder, 'env.json'),
    schemaFilePath: join(folder, 'schema.json'),
    logFilePath: join(folder, 'log.json'),
    ffConsoleLogEnable: false,
    ffMqttLogEnable: false,
    mqtt: { protocol: 4 },
    outbox: { rate: false },
  });
  client.setMqttInputHandler((_, message) => {
    if (message.topic === inTopic) hits.hit();
  });
  await client.ready();
  return {
    publish: () => client.publishToTopics('out/pepeunit', payload, { qos }),
    end: async () => {
      await client.stopMainCycle();
      await rm(folder, { recursive: true });
    },
  };
};

const tell = (message) => process.send(message);
const heard = (type) =>
  new Promise((resolve) => {
    const listener = (message) => {
      if (message.type !== type) return;
      process.off('message', listener);
      resolve(message);
    };
    process.on('message', listener);
  });

const inbound = async (hits, wanted) => {
  const done = hits.after(wanted);
  tell({ type: 'flood', topic: inTopic, count: wanted, qos, bytes: 64 });
  const start = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  await done;
  return { start, cpu };
};

const outbound = async (client, wanted) => {
  const expecting = heard('expecting');
  tell({ type: 'expect', count: wanted });
  await expecting;
  const done = heard('received');
  const start = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  const window = 1000;
  for (let sent = 0; sent < wanted; sent += window) {
    await Promise.all(Array.from({ length: window }, () => client.publish()));
  }
  await done;
  return { start, cpu };
};

const hits = counter();
const client = await (kind === 'bare' ? bare(hits) : unit(hits));
const run = (wanted) => (direction === 'in' ? inbound(hits, wanted) : outbound(client, wanted));
await run(Math.min(20_000, count));
const { start, cpu } = await run(count);
const seconds = Number(process.hrtime.bigint() - start) / 1e9;
const { user, system } = process.cpuUsage(cpu);
tell({ type: 'result', perSecond: count / seconds, cpuMicros: (user + system) / count });
await client.end();
process.disconnect();

/**
 * Units in a process of their own, for the fault lab and the soak. Argument: JSON, a list of what each unit is made of.
 *
 * Each message of a unit has a topic and a size that no other has, so that a broker's log tells which ones came.
 */
import dns from 'node:dns';
import { PepeunitClient } from '../../../dist/app/node.js';

const configs = JSON.parse(process.argv[2]);

/** Messages that share a topic; a prime, so that each of them has a size of its own, small and large ones mixed. */
const perTopic = 499;
/** The packet encoder remembers each length that it met: few lengths, or a soak would measure that memory grow. */
const sizeOf = (message) => ((message * 211) % perTopic) * 16;
const topicOf = (topic, message) => `${topic}/${Math.floor(message / perTopic)}`;
const markOf = (topic, message) => `${topicOf(topic, message)} ${sizeOf(message)}`;

const tell = (message) => process.connected && process.send(message);

const start = (config, unit) => {
  const say = (type, more) => tell({ unit, type, ...more });
  const client = new PepeunitClient({
    envFilePath: `${config.folder}/env.json`,
    schemaFilePath: `${config.folder}/schema.json`,
    logFilePath: `${config.folder}/log.json`,
    restartMode: 'no_restart',
    ffMqttLogEnable: false,
    mqtt: config.mqtt,
    update: config.update,
    outbox: config.outbox,
    adapters: { console: { write: ({ level, text }) => say('log', { level, text }), flush: async () => undefined } },
  });
  const outcomes = [];
  let pending = 0;
  let longestPauseMs = 0;
  let lastCycle = performance.now();
  let lastPublish = 0;
  let topic;
  const most = { waiting: 0, sending: 0 };
  const weigh = () => {
    const { waiting, sending } = client.metrics().outbox;
    most.waiting = Math.max(most.waiting, waiting);
    most.sending = Math.max(most.sending, sending);
  };
  const publish = async () => {
    const message = outcomes.push('pending');
    pending += 1;
    const published = client.mqttClient.publishDetailed(topicOf(topic, message), 'x'.repeat(sizeOf(message)), {
      qos: 1,
    });
    weigh();
    outcomes[message - 1] = (await published).outcome;
    pending -= 1;
  };
  client.setOutputHandler(() => {
    weigh();
    [topic] = client.schema.outputTopic['output/pepeunit'] ?? [];
    const now = performance.now();
    longestPauseMs = Math.max(longestPauseMs, now - lastCycle);
    lastCycle = now;
    if (!config.publishEveryMs || !topic || now - lastPublish < config.publishEveryMs) return;
    lastPublish = now;
    void publish();
  });
  for (const type of ['online', 'offline']) client.on(type, () => say(type));
  let inputs = 0;
  client.setMqttInputHandler(() => (inputs += 1));
  client.runMainCycle().catch((error) => say('log', { level: 'Error', text: String(error) }));
  return {
    metrics: () => ({
      messages: outcomes.map((outcome, at) => ({ mark: markOf(topic, at + 1), outcome })),
      pending,
      inputs,
      longestPauseMs: Math.round(longestPauseMs),
      dropped: client.metrics().outbox.dropped,
      most,
    }),
    chat: (lines) => {
      for (let line = 1; line <= lines; line += 1) client.logger.info(`line ${line} of a unit that has much to say`);
    },
    disconnect: () => client.mqttClient.disconnect(),
    reconnect: async () => {
      await client.mqttClient.disconnect();
      await client.mqttClient.connect();
    },
    stop: () => client.stopMainCycle(),
  };
};

/** Names that have an address by now; all others are looked up as ever. */
const addresses = new Map();
const { lookup } = dns;
dns.lookup = (host, ...more) => lookup(addresses.get(host) ?? host, ...more);

const units = configs.map(start);

const rssAtStart = process.memoryUsage.rss();
let rssMost = rssAtStart;
setInterval(() => (rssMost = Math.max(rssMost, process.memoryUsage.rss())), 100).unref();

/** Listeners of the process and of all that it has open. */
const listeners = () =>
  [process, ...process['_getActiveHandles']()]
    .flatMap((emitter) => (emitter.eventNames?.() ?? []).map((name) => emitter.listenerCount(name)))
    .reduce((sum, count) => sum + count, 0);

const orders = {
  metrics: ({ unit }) => units[unit].metrics(),
  chat: ({ unit }) => units[unit].chat(100),
  quiet: ({ unit }) => {
    configs[unit].publishEveryMs = 0;
  },
  disconnect: ({ unit }) => units[unit].disconnect(),
  reconnect: ({ unit }) => units[unit].reconnect(),
  stop: async ({ unit }) => {
    const begun = performance.now();
    await units[unit].stop();
    return { ms: Math.round(performance.now() - begun) };
  },
  resources: () => {
    globalThis.gc?.();
    const { rss, heapUsed: heap } = process.memoryUsage();
    return { rss, heap, listeners: listeners(), handles: process.getActiveResourcesInfo().length };
  },
  growth: () => rssMost - rssAtStart,
  name: ({ host, address }) => addresses.set(host, address),
  leave: () => process.disconnect(),
};

const obey = async ({ id, order, ...more }) => tell({ type: 'answer', id, answer: await orders[order](more) });

const terminate = async () => {
  await Promise.all(units.map((unit) => unit.stop()));
  process.disconnect();
};

process.once('SIGTERM', () => void terminate());
process.on('message', (message) => void obey(message));
tell({ type: 'started' });

/**
 * Units in a process of their own, for the fault lab and the soak. Argument: JSON, a list of what each unit is made of.
 *
 * Each message of a unit has a size of its own, so that a broker's log tells which ones came.
 */
import { PepeunitClient } from '../../dist/app/node.js';

const configs = JSON.parse(process.argv[2]);

/** Bytes of a unit's message: a size of its own for each of the first 7,918, small and large ones mixed. */
const sizeOf = (message) => (message * 3571) % 7919;

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
    adapters: { console: { write: ({ level, text }) => say('log', { level, text }), flush: async () => undefined } },
  });
  const outcomes = [];
  let pending = 0;
  let longestPauseMs = 0;
  let lastCycle = performance.now();
  let lastPublish = 0;
  const publish = async (topic) => {
    const message = outcomes.push('pending');
    pending += 1;
    const { outcome } = await client.mqttClient.publish(topic, 'x'.repeat(sizeOf(message)), { qos: 1 });
    outcomes[message - 1] = outcome;
    pending -= 1;
  };
  client.setOutputHandler(() => {
    const now = performance.now();
    longestPauseMs = Math.max(longestPauseMs, now - lastCycle);
    lastCycle = now;
    const [topic] = client.schema.outputTopic['output/pepeunit'] ?? [];
    if (!config.publishEveryMs || !topic || now - lastPublish < config.publishEveryMs) return;
    lastPublish = now;
    void publish(topic);
  });
  for (const type of ['online', 'offline']) client.on(type, () => say(type));
  let inputs = 0;
  client.setMqttInputHandler(() => (inputs += 1));
  client.runMainCycle().catch((error) => say('log', { level: 'Error', text: String(error) }));
  return {
    refresh: () => client.actor.send({ type: 'command.received', command: 'env_update' }),
    figures: () => ({
      messages: outcomes.map((outcome, at) => ({ size: sizeOf(at + 1), outcome })),
      pending,
      inputs,
      longestPauseMs: Math.round(longestPauseMs),
      dropped: client.figures().outbox.dropped,
    }),
    chat: (lines) => {
      for (let line = 1; line <= lines; line += 1) client.logger.info(`line ${line} of a unit that has much to say`);
    },
    stop: () => client.stopMainCycle(),
  };
};

const units = configs.map(start);

/** Listeners of the process and of all that it has open. */
const listeners = () =>
  [process, ...process['_getActiveHandles']()]
    .flatMap((emitter) => (emitter.eventNames?.() ?? []).map((name) => emitter.listenerCount(name)))
    .reduce((sum, count) => sum + count, 0);

const orders = {
  figures: ({ unit }) => units[unit].figures(),
  refresh: ({ unit }) => units[unit].refresh(),
  chat: ({ unit }) => units[unit].chat(100),
  quiet: ({ unit }) => {
    configs[unit].publishEveryMs = 0;
  },
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
  leave: () => process.disconnect(),
};

process.on('message', async ({ id, order, ...more }) =>
  tell({ type: 'answer', id, answer: await orders[order](more) }),
);
tell({ type: 'started' });

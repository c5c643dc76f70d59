/**
 * Both sides of a comparison of messages: bare mqtt.js, driven as fast as it goes, and a unit by its public API. Each has
 * one client on the peer, with its inputs subscribed, and sends Buffers.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inputTopics, outputTopic, uuidOf, writeDocuments } from './documents.mjs';

/**
 * Sends `count` messages with no more than `window` unacknowledged: `send(onAcknowledged)` sends one. What is acknowledged is
 * filled up once a turn of the event loop: mqtt.js takes twice the CPU when each acknowledgement sends the next message.
 */
const slide = (count, window, send) =>
  new Promise((resolve) => {
    let sent = 0;
    let acknowledged = 0;
    let isDue = false;
    const fill = () => {
      isDue = false;
      for (; sent < count && sent - acknowledged < window; sent += 1) send(onAcknowledged);
    };
    const onAcknowledged = () => {
      acknowledged += 1;
      if (acknowledged === count) resolve();
      else if (!isDue && sent < count) {
        isDue = true;
        setImmediate(fill);
      }
    };
    fill();
  });

/** Sends `count` messages of QoS 0 as fast as the socket takes them. */
const pour = async (client, count, send) => {
  for (let sent = 0; sent < count; sent += 1) {
    send();
    if (client.stream.writableNeedDrain) await new Promise((resolve) => client.stream.once('drain', resolve));
  }
};

const bare = async ({ port, inputs, qos, protocol, bytes, writeCache = true }) => {
  const { default: mqtt } = await import('mqtt');
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    clientId: uuidOf('unit 0'),
    protocolVersion: protocol,
    reconnectPeriod: 0,
    writeCache,
  });
  const topic = outputTopic();
  const payload = Buffer.alloc(bytes, 'x');
  const options = { qos };
  if (inputs > 0) await client.subscribeAsync(inputTopics(inputs), { qos });
  return {
    onMessage: (handler) => client.on('message', (_, content) => handler(content)),
    send: (count, window) =>
      qos === 0
        ? pour(client, count, () => client.publish(topic, payload, options))
        : slide(count, window, (onAcknowledged) => client.publish(topic, payload, options, onAcknowledged)),
    sendOneByOne: async (count) => {
      for (let sent = 0; sent < count; sent += 1) await client.publishAsync(topic, payload, options);
    },
    fault: () => (client.connected ? undefined : 'the link is down'),
    end: () => client.endAsync(),
  };
};

/** What became of messages that won't arrive; `undefined` when none is lost. */
const faultIn = ({ inbox, outbox, lastFailure }) => {
  const lost = inbox.dropped + outbox.dropped + outbox.refused + outbox.dead;
  return lost > 0 ? `the unit lost messages: ${JSON.stringify({ inbox, outbox, lastFailure })}` : undefined;
};

/** How many messages of QoS 0 a unit publishes before it waits for the last of them. */
const atOnce = 100;

const unit = async ({
  port,
  inputs,
  qos,
  protocol,
  bytes,
  durable,
  client: build = 'pepeunit-client',
  options: given,
}) => {
  const { PepeunitClient } = await import(build);
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));
  const client = new PepeunitClient({
    ...(await writeDocuments(folder, { port, inputs })),
    ffConsoleLogEnable: false,
    ...given,
    mqtt: { protocol, ...given.mqtt },
    outbox: { rate: false, durable, ...given.outbox },
  });
  const payload = Buffer.alloc(bytes, 'x');
  const options = { qos };
  const publish = () => client.publishToTopics('out/pepeunit', payload, options);
  await client.ready();
  return {
    onMessage: (handler) => client.setMqttInputHandler((_, message) => handler(message.payload)),
    send: async (count, window) => {
      if (qos > 0) return slide(count, window, (onAcknowledged) => void publish().then(onAcknowledged));
      for (let sent = 1; sent <= count; sent += 1) {
        const written = publish();
        if (sent % atOnce === 0 || sent === count) await written;
      }
    },
    sendOneByOne: async (count) => {
      for (let sent = 0; sent < count; sent += 1) await publish();
    },
    fault: () => faultIn(client.metrics()),
    end: async () => {
      await client.stopMainCycle();
      await rm(folder, { recursive: true });
    },
  };
};

/** Connects the subject of this name: `bare` or `unit`. */
export const connectSubject = (name, setup) => ({ bare, unit })[name](setup);

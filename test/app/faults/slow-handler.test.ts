import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { mqttBroker } from '../../../adapters/shared/mqtt/broker.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { createInbox } from '../../../app/messaging/inbound/inbox.ts';
import { InboundMessage } from '../../../app/messaging/inbound/message.ts';
import { PepeunitClient } from '../../../app/node.ts';
import type { LinkListener } from '../../../services/broker.ts';
import { schemaDocument, writeUnitDocuments } from '../../support/documents.ts';
import { temporaryFolder } from '../../support/folder.ts';
import { describeWithMosquitto, startMosquitto, type Mosquitto } from '../../support/mosquitto.ts';
import { deaf, later, optionsFor } from '../../support/mqtt.ts';
import { until } from '../../support/until.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that the process holds once everything that can go is gone. */
const heldBytes = async (): Promise<number> => {
  for (let round = 0; round < 3; round += 1) {
    await turn();
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

const kilobyte = 1024;
/** What the engine, the sockets and the test itself hold, more or less. */
const slack = 8 * 1024 * kilobyte;
/** Slow messages of each flood; fast ones between them make up most of a chunk. */
const count = 1000;
const perSlow = 32;
const rounds = 3;
const payloadOf = (index: number): string => String(index).padEnd(kilobyte, ' ');
const inOrder = Array.from({ length: count }, (_, index) => index);
const [slow = ''] = (schemaDocument()['input_topic'] as Record<string, string[]>)['input/pepeunit'] ?? [];

let broker: Mosquitto;
let sender: MqttClient;
beforeEach(async () => {
  broker = await startMosquitto({ lines: ['max_queued_messages 0', 'max_queued_bytes 0', 'max_inflight_messages 0'] });
  sender = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, { reconnectPeriod: 0 });
});
afterEach(async () => {
  await sender.endAsync(true);
  await broker.stop();
});

/** A unit that waits with the messages of one topic until it is let, and returns at once from all others. */
const unitWith = async (fastPath: boolean) => {
  const client = new PepeunitClient({
    ...(await writeUnitDocuments(await temporaryFolder(), { PU_MQTT_PORT: broker.port })),
    ffConsoleLogEnable: false,
    ffMqttLogEnable: false,
    mqtt: { spreadMs: 0, fastPath },
  });
  later({ stop: () => client.stopMainCycle() });
  const seen: number[] = [];
  let open: () => void;
  let gate = Promise.resolve();
  const shut = () => {
    gate = new Promise((resolve) => {
      open = resolve;
    });
  };
  client.setMqttInputHandler(async (_, message) => {
    if (message.topic !== slow) return;
    await gate;
    await turn();
    seen.push(Number(message.text()));
  });
  client.mqttClient.subscribeTopics(['fast/#']);
  await client.ready();
  return { seen, shut, open: () => open(), inbox: () => client.metrics().inbox };
};

/** Publishes slow messages, of QoS 0 and 1 in turn, with fast ones between them. */
const flood = async (): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    sender.publish(slow, payloadOf(index), { qos: index % 2 === 0 ? 0 : 1 });
    for (let fast = 1; fast < perSlow; fast += 1) sender.publish('fast/input', payloadOf(fast));
    await turn();
  }
};

describeWithMosquitto('a handler slower than its messages of 1 KB', () => {
  test.each([true, false])(
    'holds no more than what waits, misses none, and leaves memory as it was; with the fast path: %s (M5, X7)',
    async (fastPath) => {
      const { seen, shut, open, inbox } = await unitWith(fastPath);
      const heldAfter: number[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        const before = await heldBytes();
        shut();
        await flood();
        await until(() => inbox().received === round * count * perSlow);
        expect(inbox()).toMatchObject({ waiting: count - 1, dropped: 0, pauses: 0 });
        expect((await heldBytes()) - before).toBeLessThan(count * kilobyte + slack);
        open();
        await until(() => seen.length === round * count);
        expect(seen.slice(-count)).toEqual(inOrder);
        heldAfter.push(await heldBytes());
      }
      expect(inbox()).toMatchObject({ waiting: 0, dropped: 0 });
      expect((heldAfter.at(-1) ?? 0) - (heldAfter[0] ?? 0)).toBeLessThan(slack / 2);
    },
  );

  test.each([true, false])(
    'keeps what waits within its bounds, and the rest at the broker; with the fast path: %s (M5)',
    async (fastPath) => {
      const limits = { messages: 400, bytes: 300 * kilobyte, handlerMs: 60_000 };
      const inbox = createInbox({ clock: systemClock(), limits, pauseMs: () => 300_000, warn: () => undefined });
      const seen: number[] = [];
      let maxWaiting = 0;
      inbox.setHandler(async (message) => {
        await turn();
        seen.push(Number(message.text()));
        maxWaiting = Math.max(maxWaiting, inbox.metrics().waiting);
      });
      const listener: LinkListener = {
        ...deaf,
        onMessage: (topic, payload, retained, properties) =>
          inbox.push(
            new InboundMessage(topic, { keys: [], command: undefined }, payload, retained, properties),
            'input',
          ),
      };
      const signal = new AbortController().signal;
      const link = await mqttBroker().open(optionsFor(broker.port, { fastPath }), listener, signal);
      later({ stop: () => link.close() });
      await link.subscribe([slow, 'fast/input']);
      await flood();
      await until(() => seen.length === count * perSlow);
      expect(inbox.metrics()).toMatchObject({ dropped: 0, waiting: 0 });
      expect(inbox.metrics().pauses).toBeGreaterThan(10);
      expect(maxWaiting).toBeLessThanOrEqual(300);
    },
  );
});

import type { Page } from 'playwright-core';
import type { PepeunitClient } from '../../app/browser.ts';
import type { Qos } from '../../services/broker.ts';
import { recordSecrets } from '../support/canary/record.ts';
import { temporaryFolder } from '../support/folder.ts';
import { addUnit, connectUnit, startTestInstance } from '../support/instance.ts';

declare global {
  /** In a page: its unit, and what came for it. */
  var unit: PepeunitClient;
  var received: string[];
}

const keys = { in: 'set/pepeunit', out: 'out/pepeunit' };

/** An instance that can be stopped and started again, with a unit for the page and one that sends to it. */
export const startWorld = async () => {
  const dataDir = await temporaryFolder();
  let started = await startTestInstance({ dataDir });
  const inPage = await addUnit(started.instance, { name: 'in the page' });
  const sender = await addUnit(started.instance, { name: 'sender' });
  await started.instance.operator.createEdge(sender.node(keys.out), inPage.node(keys.in));
  const documents = {
    env: await started.instance.operator.getEnv(inPage.uuid),
    schema: started.instance.operator.getSchema(inPage.uuid),
  };
  recordSecrets([inPage.token, sender.token]);
  return {
    setup: { documents, broker: started.instance.webSocketUrl },
    stop: () => started.instance.stop(),
    startAgain: async () => {
      started = await startTestInstance({ dataDir });
    },
    /** Sends texts to the page's unit, all at once. */
    send: async (texts: readonly string[], qos: Qos) => {
      const { client } = await connectUnit(started.instance.mqttUrl, sender.token);
      client.stream.setMaxListeners(0); // mqtt.js has one for each message that it has yet to write.
      await Promise.all(texts.map((text) => client.publishAsync(sender.topic(keys.out), text, { qos })));
      await client.endAsync();
    },
    /** What the page's unit has published since the instance started, by QoS. */
    published: () =>
      started
        .of('published')
        .filter(({ unit, key }) => unit === inPage.uuid && key === keys.out)
        .map(({ payload, qos }) => `${Buffer.from(payload).toString()} at QoS ${qos}`),
  };
};

interface Setup {
  readonly documents: { readonly env: object; readonly schema: object };
  readonly broker: string;
  readonly fastPath: boolean;
}

/** Starts the unit of a page, and waits until it is online. */
export const startUnit = (page: Page, setup: Setup): Promise<void> =>
  page.evaluate(async ({ documents, broker, fastPath }) => {
    globalThis.received = [];
    globalThis.unit = new globalThis.pepeunit.PepeunitClient({
      envFilePath: 'env.json',
      schemaFilePath: 'schema.json',
      logFilePath: 'log.json',
      documents,
      mqtt: { brokers: [broker], fastPath },
    });
    unit.mqttClient.setInputHandler((message) => void received.push(message.text()));
    await unit.mqttClient.connect();
  }, setup);

/** Publishes texts as the unit of a page, all at once. @returns What became of each. */
export const publish = (page: Page, texts: readonly string[], qos: Qos) =>
  page.evaluate(
    async ([messages, level]) => {
      const [topic = ''] = unit.schema.outputTopic['out/pepeunit'] ?? [];
      const results = await Promise.all(
        messages.map((text) => unit.mqttClient.publishDetailed(topic, text, { qos: level })),
      );
      return results.map(({ outcome }) => outcome);
    },
    [texts, qos] as const,
  );

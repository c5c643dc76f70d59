import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { PepeunitClient } from '../../app/browser.ts';
import type { Qos } from '../../services/broker.ts';
import { recordSecrets } from '../support/canary/record.ts';
import { temporaryFolder } from '../support/folder.ts';
import { addUnit, connectUnit, startTestInstance } from '../support/instance.ts';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { openPage } from './page.ts';

declare global {
  /** In a page: its unit, what came for it, and the texts that were encoded. */
  var unit: PepeunitClient;
  var received: string[];
  var encoded: string[];
}

const keys = { in: 'set/pepeunit', out: 'out/pepeunit' };

/** An instance that can be stopped and started again, with a unit for the page and one that sends to it. */
const startWorld = async () => {
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
    send: async (text: string, qos: Qos) => {
      const { client } = await connectUnit(started.instance.mqttUrl, sender.token);
      await client.publishAsync(sender.topic(keys.out), text, { qos });
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
const startUnit = (page: Page, setup: Setup): Promise<void> =>
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

const publish = (page: Page, texts: readonly string[], qos: Qos) =>
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

const isConnected = (page: Page) => page.evaluate(() => unit.mqttClient.isConnected());

/** Keeps the texts that a page encodes from now on; the MQTT library has an encoder of its own. */
const recordEncoded = (page: Page) =>
  page.evaluate(() => {
    const { encodeInto } = TextEncoder.prototype;
    globalThis.encoded = [];
    TextEncoder.prototype.encodeInto = function (text, bytes) {
      encoded.push(text);
      return encodeInto.call(this, text, bytes);
    };
  });

describeInChromium('a unit in a page of Chromium', (browser) => {
  test.each([true, false])('publishes, receives, and comes back; with the fast path: %s', async (fastPath) => {
    const world = await startWorld();
    const { page, uncaught } = await openPage(browser());
    await recordEncoded(page);
    await startUnit(page, { ...world.setup, fastPath });

    expect(await publish(page, ['ноль'], 0)).toEqual(['delivered']);
    expect(await publish(page, ['one'], 1)).toEqual(['delivered']);
    await until(() => world.published().length === 2);
    expect(world.published()).toEqual(['ноль at QoS 0', 'one at QoS 1']);
    expect(await page.evaluate(() => encoded.includes('ноль'))).toBe(fastPath);

    await world.send('привет', 0);
    await world.send('x'.repeat(100_000), 1);
    await until(() => page.evaluate(() => received.length === 2));
    expect(await page.evaluate(() => received)).toEqual(['привет', 'x'.repeat(100_000)]);

    await world.stop();
    await until(async () => !(await isConnected(page)));
    expect(await publish(page, ['meanwhile'], 1)).toEqual(['queued']);
    await world.startAgain();
    await until(() => isConnected(page));
    await until(() => world.published().length === 1);
    expect(world.published()).toEqual(['meanwhile at QoS 1']);
    await world.send('again', 1);
    await until(() => page.evaluate(() => received.includes('again')));
    expect(await publish(page, ['afterwards'], 1)).toEqual(['delivered']);
    expect(uncaught).toEqual([]);
  });
});

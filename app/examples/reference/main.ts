/** A unit that uses each part of the client once: storage, linked units, cipher, inputs and outputs. */
import { AesGcmCipher, type InboundMessage } from 'pepeunit-client';
import { boot, client, isStopping, type Unit } from './boot.ts';

let publishedAt = 0;

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const onOutput = async (unit: Unit): Promise<void> => {
  const now = unit.timeManager.getEpochMs();
  if (now - publishedAt < unit.settings.DELAY_PUB_MSG * 1000) return;
  publishedAt = now;
  const message = Math.round(performance.now());
  unit.logger.debug(`Send to output/pepeunit: ${message}`, { fileOnly: true });
  await unit.publishToTopics('output/pepeunit', message);
};

const onInput = (unit: Unit, message: InboundMessage): void => {
  if (message.key !== 'input/pepeunit') return;
  const text = message.text().trim();
  if (/^[+-]?\d+$/.test(text)) unit.logger.debug(`Get from input/pepeunit: ${text}`, { fileOnly: true });
  else unit.logger.error(`Value is not a number: ${text}`);
};

const tryStorage = async (unit: Unit): Promise<void> => {
  try {
    await unit.restClient.setStateStorage('This line is kept by the instance');
    unit.logger.info('Success set state');
    unit.logger.info(`Success get state: ${await unit.restClient.getStateStorage()}`);
  } catch (error) {
    unit.logger.error(`Storage failed: ${textOf(error)}`);
  }
};

const tryLinkedUnits = async (unit: Unit): Promise<void> => {
  try {
    const [topic] = unit.schema.outputTopic['output/pepeunit'] ?? [];
    if (topic === undefined) return;
    const nodes = await unit.restClient.getInputByOutput(topic, 1, 0);
    unit.logger.info(`Found ${nodes.count} unit nodes`);
    const uuids = nodes.unit_nodes.map(({ uuid }) => uuid);
    if (uuids.length === 0) return;
    const { count, units } = await unit.restClient.getUnitsByNodes(uuids, 1, 0);
    unit.logger.info(`Found ${count} units`);
    for (const { name, uuid } of units) unit.logger.info(`Unit: ${name} (UUID: ${uuid})`);
  } catch (error) {
    unit.logger.error(`Linked units failed: ${textOf(error)}`);
  }
};

const tryCipher = async (unit: Unit): Promise<void> => {
  try {
    const cipher = new AesGcmCipher();
    const secret = await cipher.aesGcmEncode('a text of the unit', unit.settings.PU_ENCRYPT_KEY);
    unit.logger.info(`Cipher data ${secret}`);
    unit.logger.info(`Decoded data: ${await cipher.aesGcmDecode(secret, unit.settings.PU_ENCRYPT_KEY)}`);
  } catch (error) {
    unit.logger.error(`Cipher failed: ${textOf(error)}`);
  }
};

try {
  await boot();
  await tryStorage(client);
  await tryLinkedUnits(client);
  await tryCipher(client);

  client.setMqttInputHandler(onInput);
  client.subscribeAllSchemaTopics();
  client.setOutputHandler(onOutput);
  // After a stop the main cycle would start the unit again.
  if (!isStopping()) await client.runMainCycle();
} catch (error) {
  if (!isStopping()) {
    client.logger.critical(`Error with reset: ${textOf(error)}`, { fileOnly: true });
    await client.restartDevice();
  }
}

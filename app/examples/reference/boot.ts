/** What the unit does first: it makes its client, joins the network and asks for the time. */
import { join } from 'node:path';
import { PepeunitClient } from 'pepeunit-client';
import type env from './env_example.json';

const inFolder = (name: string) => join(import.meta.dirname, name);

export const client = new PepeunitClient<typeof env>({
  envFilePath: inFolder('env.json'),
  schemaFilePath: inFolder('schema.json'),
  logFilePath: inFolder('log.json'),
  ffWifiManagerEnable: true,
  ntpHost: process.env['NTP_HOST'] ?? 'pool.ntp.org',
});

export type Unit = typeof client;

/** Aborts when the program is told to end. */
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    stopping.abort();
    void client.stopMainCycle();
  });
}

export const isStopping = (): boolean => stopping.signal.aborted;

export const boot = async (): Promise<void> => {
  const { unitUuid, DELAY_PUB_MSG } = client.settings;
  client.logger.info(`Unit ${unitUuid} publishes every ${DELAY_PUB_MSG} s`, { fileOnly: true });
  // Nothing is started yet: the message waits in the outbox.
  await client.publishToTopics('output/pepeunit', 'boot');

  // A host that manages its network itself lets it pass at once.
  await client.wifiManager.connectForever();
  const epochMs = await client.timeManager.syncEpochMsFromNtp();
  const time = epochMs === false ? 'not synced' : new Date(epochMs).toISOString();
  client.logger.warning(`Init Success: time ${time}, heap_used ${process.memoryUsage().heapUsed}`, { fileOnly: true });
};

import { PepeunitClient } from '../../../app/node.ts';

/** A unit's program that tells of its env and its link, and asks the instance for another env if it is told to. */
const [, , folder = '', isAsking] = process.argv;
const client = new PepeunitClient({
  envFilePath: `${folder}/env.json`,
  schemaFilePath: `${folder}/schema.json`,
  logFilePath: `${folder}/log.json`,
  ffConsoleLogEnable: false,
  restartMode: 'no_restart',
  mqtt: { spreadMs: 0 },
  update: { healthTimeoutMs: 20_000 },
});
client.on('settingsLoaded', () => process.stdout.write('loaded\n'));
client.on('online', () => process.stdout.write('online\n'));
const running = client.runMainCycle();
if (isAsking) {
  await client.ready();
  await client.downloadEnv();
}
await running;

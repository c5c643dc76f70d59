/** A unit that shows the temperature that another unit publishes. */
import { join } from 'node:path';
import { PepeunitClient } from 'pepeunit-client';
import type env from './env_example.json';

const inFolder = (name: string) => join(import.meta.dirname, name);

const client = new PepeunitClient<typeof env>({
  envFilePath: inFolder('env.json'),
  schemaFilePath: inFolder('schema.json'),
  logFilePath: inFolder('log.json'),
});

client.setMqttInputHandler((unit, message) => {
  if (message.key !== 'temperature/pepeunit') return;
  const celsius = Number(message.text());
  if (Number.isNaN(celsius)) return;
  process.stdout.write(`${celsius.toFixed(2)} °C\n`);
  if (celsius > unit.settings.WARN_ABOVE_CELSIUS) unit.logger.warning(`It is hot: ${celsius} °C`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void client.stopMainCycle());
await client.runMainCycle();

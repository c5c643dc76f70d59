import { PepeunitClient } from 'pepeunit-client';
import type { Unit } from './unit.js';
import { codecs, valve } from './valve.js';

const client = new PepeunitClient<Unit, typeof codecs>({
  envFilePath: 'env.json',
  schemaFilePath: 'schema.json',
  logFilePath: 'log.json',
  codecs,
  outbox: { policies: { 'position/pepeunit': 'latest' } },
});
valve(client);
process.once('SIGTERM', () => void client.stopMainCycle());
await client.runMainCycle();

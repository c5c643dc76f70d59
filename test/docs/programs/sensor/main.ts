import { PepeunitClient } from 'pepeunit-client';
import { outbox, randomWalk, sensor } from './sensor.js';
import type { Unit } from './unit/unit.js';

const files = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };
const client = new PepeunitClient<Unit['env']>({ ...files, outbox });
sensor(client, randomWalk());
process.once('SIGTERM', () => void client.stopMainCycle());
await client.runMainCycle();

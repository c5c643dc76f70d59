import { queryObjects } from 'node:v8';
import { mqttBroker } from '../../../adapters/shared/mqtt/broker.ts';

/** Opens a link to the broker at a port, and tells how many Buffers there are then. */
const [, , port] = process.argv;
const options = {
  url: `mqtt://127.0.0.1:${port}`,
  version: 4,
  clientId: 'unit',
  username: 'token',
  keepaliveSeconds: 60,
  timeoutMs: 5000,
} as const;
const deaf = { onMessage: () => undefined, onClosed: () => undefined };
const link = await mqttBroker().open(options, deaf, new AbortController().signal);
process.stdout.write(`buffers: ${queryObjects(Buffer, { format: 'count' })}\n`);
await link.close();

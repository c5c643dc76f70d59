/** Aborts the start of an instance once it has a lock, then once it has its ports, and prints what is left: `FOLDER PORT PORT PORT`. */
import { getEventListeners } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { startInstance } from '../../../app/instance/index.ts';

const [dataDir = '', ...ports] = process.argv.slice(2);
const [httpPort = 0, mqttPort = 0, webSocketPort = 0] = ports.map(Number);
const options = { dataDir, httpPort, mqttPort, webSocketPort };

const abortAt = async (name: string) => {
  const abort = new AbortController();
  const { signal } = abort;
  const starting = startInstance({ ...options, signal }).then(
    () => 'started',
    (thrown: unknown) => (thrown === signal.reason ? 'aborted' : String(thrown)),
  );
  while (!existsSync(join(dataDir, name))) await turn();
  abort.abort();
  const end = await starting;
  return { end, names: await readdir(dataDir), listeners: getEventListeners(signal, 'abort').length };
};

console.log(JSON.stringify([await abortAt('lock.json'), await abortAt('instance.json')]));
const started = await startInstance(options);
await started.stop();

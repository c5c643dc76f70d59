/** Aborts the start of an instance, each time a little later, until one is faster, and prints what is left: `FOLDER PORT PORT PORT`. */
import { getEventListeners } from 'node:events';
import { readdir } from 'node:fs/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { startInstance, type Instance } from '../../../app/instance/index.ts';

const [dataDir = '', ...ports] = process.argv.slice(2);
const [httpPort = 0, mqttPort = 0, webSocketPort = 0] = ports.map(Number);

const startFor = async (turns: number): Promise<Instance | undefined> => {
  const abort = new AbortController();
  const { signal } = abort;
  const options = { dataDir, httpPort, mqttPort, webSocketPort, signal };
  const starting = startInstance(options).catch((thrown: unknown): undefined => {
    if (thrown !== signal.reason) throw thrown;
  });
  for (let left = turns; left > 0; left -= 1) await turn();
  abort.abort();
  const started = await starting;
  const names = await readdir(dataDir).catch(() => []);
  const listeners = getEventListeners(signal, 'abort').length;
  console.log(JSON.stringify({ isStarted: started !== undefined, names, listeners }));
  return started;
};

let started: Instance | undefined;
for (let turns = 1; !started; turns = Math.ceil(turns * 1.25)) started = await startFor(turns);
await started.stop();

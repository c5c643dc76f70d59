/** Takes a lock at a given time, and says whether it still has it a while later: `PATH EPOCH_MS`. */
import { setTimeout as delay } from 'node:timers/promises';
import { takeLock } from '../../../adapters/node/fs/lock.ts';

const [path = '', at = '0'] = process.argv.slice(2);
await delay(Math.max(0, Number(at) - Date.now()));
const said = await takeLock({ path, inUse: () => new Error('in use') }).then(
  async (lock) => {
    await delay(1500);
    return (await lock.isHeld()) ? 'held' : 'lost';
  },
  () => 'refused',
);
process.stdout.write(said);

import { once } from 'node:events';
import { fileOutbox } from '../../../adapters/node/outbox/outbox.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';

/**
 * Opens an outbox in a process of its own, appends messages, and tells what happened to each; keeps the outbox until
 * its input ends, and appends one more for each number that it reads.
 *
 * Arguments: its folder, how many messages, how many bytes each has, and the user to become before, as a number.
 */
const [folder = '', count = '1', bytes = '10', user] = process.argv.slice(2);
if (user !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(Number(user));
  process.setuid?.(Number(user));
}
const outbox = fileOutbox({ folder, clock: systemClock() });
const tell = (what: string) => process.stdout.write(`${what}\n`);

const attempt = async (what: string, task: () => Promise<unknown>): Promise<boolean> => {
  try {
    await task();
    tell(`${what} ok`);
    return true;
  } catch (thrown) {
    tell(`${what} ${thrown instanceof Error ? thrown.message : 'failed'}`);
    return false;
  }
};

const message = { topic: 't', payload: Buffer.alloc(Number(bytes), 'x'), qos: 1, retain: false } as const;
const append = (id: number) =>
  attempt(String(id), () => outbox.append([{ ...message, id, acceptedMs: 1, unit: undefined }]));

if (await attempt('open', () => outbox.open())) for (let id = 1; id <= Number(count); id += 1) await append(id);
tell('done');
process.stdin.on('data', (line: Buffer) => void append(Number(line.toString())));
await once(process.stdin, 'end');
await outbox.close();

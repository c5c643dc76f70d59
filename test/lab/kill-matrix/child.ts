/** Carries out a part of an update in a process of its own, and ends it by SIGKILL right before a step. */
import { hostFs } from '../../../adapters/node/fs/file-system.ts';
import { download } from './download.ts';
import { stepper, steppingFs } from './stepping-fs.ts';
import { carryOut, type Task } from './update.ts';

const [task = 'update', folder = '', killAt = '0'] = process.argv.slice(2);
const moves: number[] = [];

const { step, count } = stepper(async ({ n, verb, path }) => {
  if (verb === 'rename' && /(staging|previous)-/.test(path)) moves.push(n);
  if (n !== Number(killAt)) return;
  process.kill(process.pid, 'SIGKILL');
  await new Promise(() => undefined);
});

const archive = () => download(folder, step);
await carryOut(task as Task, { fs: steppingFs(hostFs, step), folder, archive });
process.stdout.write(JSON.stringify({ steps: count(), moves }));

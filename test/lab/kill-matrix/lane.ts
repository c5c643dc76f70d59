import { spawn } from 'node:child_process';
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hostFs } from '../../../adapters/node/fs/file-system.ts';
import type { JsonObject } from '../../../services/json.ts';
import { startCli } from '../../support/cli.ts';
import type { Compiled } from '../../support/compiled.ts';
import { baseTopics } from '../../support/documents.ts';
import { makeLinks, writeFiles } from '../../support/folder.ts';
import type { Yard } from '../../support/supervised-unit.ts';
import { until } from '../../support/until.ts';
import { download } from './download.ts';
import { snapshotOf, type Snapshot } from './tree.ts';
import type { Task } from './update.ts';
import { foreignFiles, foreignLinks, keptFiles, newLinks, newParts, oldLinks, oldParts } from './versions.ts';

/** A unit that tells when it is online, of which version its parts are, and obeys no update. */
const program = (version: string): string => `
import { join } from 'node:path';
import { PepeunitClient } from 'pepeunit-client';
import { version as part } from './lib/part.js';
const at = (name) => join(import.meta.dirname, name);
const client = new PepeunitClient({
  envFilePath: at('env.json'), schemaFilePath: at('schema.json'), logFilePath: at('log.json'), ffConsoleLogEnable: false,
});
client.setCustomUpdateHandler(() => undefined);
client.on('online', () => {
  const env = client.settings.PU_COMMIT_VERSION === 'old' ? 'old' : 'new';
  process.stdout.write(JSON.stringify({ pid: process.pid, versions: ['${version}', part, env] }) + '\\n');
});
await client.runMainCycle();
`;

/** What a task was made of that came to its end. */
export interface Course {
  readonly steps: number;
  /** The steps that moved files of a version. */
  readonly moves: readonly number[];
}

/** How a process has ended: killed, or with its course. */
interface ChildEnd {
  readonly isKilled: boolean;
  readonly printed: string;
}

const runChild = (path: string, ...parameters: string[]): Promise<ChildEnd> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (printed += String(text)));
    child.once('error', reject);
    child.once('close', (_, signal) => resolve({ isKilled: signal === 'SIGKILL', printed }));
  });

/** States of a unit's folder: before the update, after its swap, and in the middle of going there and back. */
export type Base = 'old' | 'trial' | 'swapping' | 'rollingBack';

/** What a unit said when it was online, and what was in its folder then. */
export interface Online {
  readonly versions: readonly string[];
  readonly snapshot: Snapshot;
}

/** A unit of its own on the instance, of which many copies are killed one after the other. */
export interface Lane {
  readonly folder: string;
  /** What a task is made of. */
  readonly course: (task: Task, base: Base) => Promise<Course>;
  /** Lays the unit out anew. */
  reset(base: Base): Promise<void>;
  /** Carries a task out, and kills it before a step. */
  kill(task: Task, at: number): Promise<ChildEnd>;
  archive(): AsyncIterable<Uint8Array>;
  /** Starts the unit under its supervisor, until it is online. */
  goOnline(): Promise<Online>;
  look(): Promise<Snapshot>;
}

/** Makes a lane in a yard. */
export const createLane = async ({ root, instance }: Yard, child: Compiled, name: string): Promise<Lane> => {
  const { operator } = instance;
  const [bases, source] = [join(root, 'bases', name), join(root, 'sources', name)];
  const folder = join(root, 'lanes', name);
  const example = {
    'env_example.json': '{}',
    'schema_example.json': JSON.stringify({ ...baseTopics, input_topic: [], output_topic: [] }),
  };
  await writeFiles(source, { ...newParts, 'main.js': program('new'), ...example });
  await makeLinks(source, newLinks);
  const { uuid } = await operator.createUnit({ name, folder: source, env: {} });
  const env: JsonObject = { ...(await operator.getEnv(uuid)), PU_COMMIT_VERSION: 'old' };
  const documents = { 'env.json': JSON.stringify(env), 'schema.json': JSON.stringify(operator.getSchema(uuid)) };
  await writeFiles(join(bases, 'old'), {
    ...oldParts,
    ...keptFiles,
    ...foreignFiles,
    ...documents,
    'main.js': program('old'),
  });
  await makeLinks(join(bases, 'old'), { ...oldLinks, ...foreignLinks });
  const reset = async (base: Base): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await cp(join(bases, base), folder, { recursive: true, verbatimSymlinks: true });
  };
  const keep = (base: Base) => cp(folder, join(bases, base), { recursive: true, verbatimSymlinks: true });
  const kill = (task: Task, at: number) => runChild(child.path, task, folder, String(at));
  const course = async (task: Task, base: Base): Promise<Course> => {
    await reset(base);
    const { printed } = await kill(task, 0);
    if (!printed.startsWith('{')) throw new Error(`${task} without a fault has failed: ${printed}`);
    return JSON.parse(printed) as Course;
  };
  const keepMiddleOf = async (task: Task, from: Base, base: Base, { moves }: Course): Promise<void> => {
    await reset(from);
    await kill(task, moves[Math.floor(moves.length / 2)] ?? 0);
    await keep(base);
  };
  const update = await course('update', 'old');
  await keep('trial');
  await keepMiddleOf('update', 'old', 'swapping', update);
  await keepMiddleOf('rollBack', 'trial', 'rollingBack', await course('rollBack', 'trial'));
  return {
    folder,
    course,
    reset,
    kill,
    archive: () => download(folder, async () => undefined),
    look: () => snapshotOf(hostFs, folder),
    goOnline: async () => {
      const supervisor = startCli(['run', join(folder, 'main.js')]);
      const line = () => supervisor.stdout().split('\n')[0] ?? '';
      try {
        await until(() => supervisor.stdout().includes('\n') || supervisor.child.exitCode !== null, {
          what: 'being online',
          timeoutMs: 60_000,
        });
        const { pid, versions } = JSON.parse(line()) as { pid: number; versions: string[] };
        const snapshot = await snapshotOf(hostFs, folder);
        supervisor.child.kill('SIGKILL');
        process.kill(pid, 'SIGKILL');
        return { versions, snapshot };
      } catch (cause) {
        supervisor.child.kill('SIGTERM');
        throw new Error(`The unit does not come online: ${supervisor.stdout()}${supervisor.stderr()}`, { cause });
      } finally {
        await supervisor.ended;
      }
    },
  };
};

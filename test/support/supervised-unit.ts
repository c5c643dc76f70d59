import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { SupervisorEvent } from '../../adapters/node/process/supervisor.ts';
import { startInstance, type InstanceEvent } from '../../app/instance/index.ts';
import type { JsonObject } from '../../services/json.ts';
import { startCli, startNode, type CliRun } from './cli.ts';
import { until } from './until.ts';
import { exampleSchema } from './documents.ts';
import { createFolder, writeFiles } from './folder.ts';

const project = resolve(import.meta.dirname, '../..');

/** How the program of a version differs from one that is well. */
export interface Program {
  /** A text that tells the version from others. */
  readonly label: string;
  /** Comes before anything else. */
  readonly first?: string;
  /** Options of the client, as source. */
  readonly options?: string;
  /** Comes before the unit runs; `client` is there. */
  readonly before?: string;
  /** Files besides the program, by name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** A program that takes its time to load: it goes on once the process that started it is gone. */
export const loadsUntilOrphaned = {
  first: "import './slow-part.js';",
  files: {
    'slow-part.js': `
const parent = process.ppid;
process.stdout.write('loads\\n');
const sleeper = new Int32Array(new SharedArrayBuffer(4));
while (process.ppid === parent) Atomics.wait(sleeper, 0, 0, 20);
`,
  },
} as const;

/** What comes first in a program that waits until there is a file in its folder. */
export const waitsForFile = (name: string): string => `
import { existsSync } from 'node:fs';
const sleeper = new Int32Array(new SharedArrayBuffer(4));
while (!existsSync(new URL('${name}', import.meta.url))) Atomics.wait(sleeper, 0, 0, 20);
`;

/** A unit's main.js: it says what becomes of it, line by line, as JSON. */
const source = ({ label, first = '', options = '', before = '' }: Program): string => `${first}
import { join } from 'node:path';
import { PepeunitClient } from 'pepeunit-client';
const at = (name) => join(import.meta.dirname, name);
const say = (said) => process.stdout.write(JSON.stringify({ label: '${label}', pid: process.pid, ...said }) + '\\n');
say({ said: 'started' });
const client = new PepeunitClient({
  envFilePath: at('env.json'), schemaFilePath: at('schema.json'), logFilePath: at('log.json'),
  ffConsoleLogEnable: false, ${options}
});
for (const type of ['online', 'updateBegan', 'updateConfirmed', 'updateRolledBack', 'updateRefused', 'updateFailed', 'updateSkipped', 'updateSwapped', 'updateFinished'])
  client.on(type, (event) => say({ said: type, ...event }));
${before}
process.on('SIGTERM', () => void client.stopMainCycle().then(() => process.exit(0)));
await client.runMainCycle();
`;

/** A line that a unit has printed. */
export interface Said {
  readonly label: string;
  readonly pid: number;
  readonly said: string;
  readonly version?: string;
  readonly target?: { readonly commitVersion: string };
  readonly reason?: string;
}

const jsonLines = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T);

/** An instance, and a folder in which programs find this package. */
export const createYard = async () => {
  const { path: root, remove } = await createFolder();
  await mkdir(join(root, 'node_modules'));
  await symlink(project, join(root, 'node_modules/pepeunit-client'));
  await writeFile(join(root, 'package.json'), '{"type":"module"}');
  const events: InstanceEvent[] = [];
  const instance = await startInstance({ log: (event) => events.push(event) });
  return {
    root,
    instance,
    events,
    stop: async () => {
      await instance.stop();
      await remove();
    },
  };
};
export type Yard = Awaited<ReturnType<typeof createYard>>;

const writeVersion = async (folder: string, program: Program, env: JsonObject): Promise<void> => {
  await writeFiles(folder, {
    ...program.files,
    'main.js': source(program),
    'env_example.json': JSON.stringify(env),
    'schema_example.json': JSON.stringify(exampleSchema),
  });
};

/** A unit in the yard, with its folder; not started. */
export const createSupervisedUnit = async (
  { root, instance }: Yard,
  name: string,
  program: Program,
  env: JsonObject = {},
) => {
  const { operator } = instance;
  const folder = join(root, 'units', name);
  const versions = join(root, 'versions', name);
  await writeVersion(join(versions, program.label), program, env);
  const row = await operator.createUnit({ name, folder: join(versions, program.label), env: {} });
  await writeVersion(folder, program, env);
  await writeFile(join(folder, 'env.json'), JSON.stringify(await operator.getEnv(row.uuid)));
  await writeFile(join(folder, 'schema.json'), JSON.stringify(operator.getSchema(row.uuid)));
  const runs: CliRun[] = [];
  const said = () => runs.flatMap((run) => jsonLines<Said>(run.stdout()));
  const told = () => runs.flatMap((run) => jsonLines<SupervisorEvent>(run.stderr()));
  const waitFor = (what: string, condition: () => boolean | Promise<boolean>, timeoutMs = 60_000) =>
    until(condition, { what, timeoutMs }).catch((error: unknown) => {
      throw new Error(`${what}\n${runs.map((run) => run.stdout() + run.stderr()).join('\n')}`, { cause: error });
    });
  const hasSaid = (label: string, type: string) => said().some((line) => line.label === label && line.said === type);
  return {
    uuid: row.uuid,
    folder,
    said,
    told,
    waitFor,
    hasSaid,
    /** Resolves when a program of this label has said this. */
    hears: (label: string, type: string) => waitFor(`${label} says ${type}`, () => hasSaid(label, type)),
    /** Starts the unit under a supervisor. */
    run: (...options: string[]): CliRun => {
      const run = startCli(['run', join(folder, 'main.js'), '--json', ...options]);
      runs.push(run);
      return run;
    },
    /** Counts a run that was started elsewhere among the unit's own. */
    adopt: (run: CliRun): void => void runs.push(run),
    /** Starts the unit as it is, under nobody. */
    runAlone: (): CliRun => {
      const run = startNode([join(folder, 'main.js')]);
      runs.push(run);
      return run;
    },
    /** Adds a version. @returns Its commit. */
    add: async (next: Program): Promise<string> => {
      await writeVersion(join(versions, next.label), next, env);
      return (await operator.addVersion(row.uuid, { folder: join(versions, next.label) })).commit;
    },
    /** The node of a topic key. */
    node: (key: string): string => row.unit_nodes.find(({ topic_name: topic }) => topic === key)?.uuid ?? '',
    update: (commit?: string) => operator.sendCommand(row.uuid, 'Update', commit),
    /** The files of the version that lies in place, by name. */
    tree: async (): Promise<Record<string, string>> => {
      const names = (await readdir(folder)).filter(
        (entry) => !/^(log\.json|\.pepeunit.*|data|node_modules)$/.test(entry),
      );
      return Object.fromEntries(
        await Promise.all(names.toSorted().map(async (entry) => [entry, await readFile(join(folder, entry), 'utf8')])),
      );
    },
    log: (): string[] => operator.logList(row.uuid).unit_logs.map(({ level, text }) => `${level}: ${text}`),
    stop: async () => {
      for (const run of runs) run.child.kill('SIGTERM');
      await Promise.all(runs.map(({ ended }) => ended));
    },
  };
};
export type YardUnit = Awaited<ReturnType<typeof createSupervisedUnit>>;

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startInstance, type Instance, type InstanceEvent, type UnitRow } from '../../app/instance/index.ts';
import { PepeunitClient, type PepeunitClientOptions } from '../../app/node.ts';
import type { JsonObject } from '../../services/json.ts';
import { exampleSchema } from './documents.ts';
import { createFolder } from './folder.ts';

/** A unit on an embedded instance, in a folder of its own. */
export interface LiveUnit {
  readonly instance: Instance;
  readonly row: UnitRow;
  /** What the instance told so far. */
  readonly events: readonly InstanceEvent[];
  readonly client: PepeunitClient;
  readonly folder: string;
  /** Path of a file in the unit's folder. */
  path(name: string): string;
  read(name: string): Promise<string>;
  write(name: string, text: string): Promise<void>;
  /** The first topic of a key of the unit's schema. */
  topic(section: string, key: string): string;
  /** Another client of the same unit; it is stopped with the first. */
  another(options?: Partial<PepeunitClientOptions>): PepeunitClient;
  /** Adds a version with this text in `program.txt`, and for a compiled unit the link to its program. @returns Its commit. */
  addVersion(program: string, compiledFirmwareLink?: string): Promise<string>;
  stop(): Promise<void>;
}

const writeProgram = async (folder: string, env: JsonObject, schema: JsonObject, program: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'env_example.json'), JSON.stringify(env));
  await writeFile(join(folder, 'schema_example.json'), JSON.stringify(schema));
  await writeFile(join(folder, 'program.txt'), program);
};

/**
 * Starts an instance, makes a unit on it, and a client for that unit that is not started yet.
 *
 * @param schema The unit's schema_example.json.
 */
export const createLiveUnit = async (
  options: Partial<PepeunitClientOptions> = {},
  env: JsonObject = {},
  schema: JsonObject = exampleSchema,
): Promise<LiveUnit> => {
  const { path: root, remove } = await createFolder();
  const events: InstanceEvent[] = [];
  const instance = await startInstance({ log: (event) => events.push(event) });
  const { operator } = instance;
  const source = join(root, 'source');
  await writeProgram(source, env, schema, 'version 1');
  const row = await operator.createUnit({ name: 'unit under test', folder: source, env: {} });
  const folder = join(root, 'unit');
  await mkdir(folder);
  const path = (name: string) => join(folder, name);
  await writeFile(path('env.json'), JSON.stringify(await operator.getEnv(row.uuid)));
  await writeFile(path('schema.json'), JSON.stringify(operator.getSchema(row.uuid)));
  const clients: PepeunitClient[] = [];
  const another = (more: Partial<PepeunitClientOptions> = {}) => {
    const client = new PepeunitClient({
      envFilePath: path('env.json'),
      schemaFilePath: path('schema.json'),
      logFilePath: path('log.json'),
      ffConsoleLogEnable: false,
      restartMode: 'no_restart',
      ...options,
      ...more,
    });
    clients.push(client);
    return client;
  };
  return {
    instance,
    row,
    events,
    client: another(),
    folder,
    path,
    read: (name) => readFile(path(name), 'utf8'),
    write: (name, text) => writeFile(path(name), text),
    topic: (section, key) => {
      const [topic] = (operator.getSchema(row.uuid) as Record<string, Record<string, string[]>>)[section]?.[key] ?? [];
      if (topic === undefined) throw new Error(`the schema has no ${section} ${key}`);
      return topic;
    },
    another,
    addVersion: async (program, compiledFirmwareLink) => {
      await writeProgram(source, env, schema, program);
      return (
        await operator.addVersion(row.uuid, {
          folder: source,
          ...(compiledFirmwareLink !== undefined && { compiledFirmwareLink }),
        })
      ).commit;
    },
    stop: async () => {
      await Promise.all(clients.map((client) => client.stopMainCycle()));
      await instance.stop();
      await remove();
    },
  };
};

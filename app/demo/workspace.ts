import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { JsonObject } from '../../services/json.ts';
import { thisPackage } from '../terminal/package.ts';

/** The example units. */
export type Example = 'fan-regulator' | 'temperature-display';

/** A temporary folder with the programs and documents of the demo's units. */
export interface Workspace extends AsyncDisposable {
  /** Copies an example's program, with some of its files replaced. @returns The folder of that version. */
  version(example: Example, label: string, changes?: Readonly<Record<string, JsonObject | string>>): Promise<string>;
  /** Creates a unit's folder: a version's program with the unit's env.json and schema.json. @returns The folder. */
  install(version: string, documents: { env: JsonObject; schema: JsonObject }): Promise<string>;
}

const json = (document: JsonObject): string => `${JSON.stringify(document, null, 2)}\n`;

/** Keeps folders, compiled programs and documents; skips type declarations and source maps. */
const isProgramFile = (path: string): boolean => ['', '.js', '.json'].includes(extname(path));

/** Links this package into a folder, so that programs there can import `pepeunit-client`. */
const installPackage = async (folder: string): Promise<void> => {
  await writeFile(join(folder, 'package.json'), json({ private: true, type: 'module' }));
  await mkdir(join(folder, 'node_modules'));
  await symlink(thisPackage.folder, join(folder, 'node_modules', thisPackage.name), 'junction');
};

/** Creates a workspace. Its folder is removed when it is disposed of, or when this process exits. */
export const openWorkspace = async (): Promise<Workspace> => {
  const root = await mkdtemp(join(tmpdir(), 'pepeunit-demo-'));
  const removeNow = () => rmSync(root, { recursive: true, force: true });
  process.once('exit', removeNow);
  await installPackage(root);
  return {
    version: async (example, label, changes = {}) => {
      const folder = join(root, 'versions', label);
      await cp(join(thisPackage.examples, example), folder, { recursive: true, filter: isProgramFile });
      for (const [name, content] of Object.entries(changes)) {
        await writeFile(join(folder, name), typeof content === 'string' ? content : json(content));
      }
      return folder;
    },
    install: async (version, { env, schema }) => {
      const folder = join(root, 'units', basename(version));
      await cp(version, folder, { recursive: true });
      await writeFile(join(folder, 'env.json'), json(env), { mode: 0o600 });
      await writeFile(join(folder, 'schema.json'), json(schema), { mode: 0o600 });
      return folder;
    },
    [Symbol.asyncDispose]: async () => {
      await rm(root, { recursive: true, force: true });
      process.off('exit', removeNow);
    },
  };
};

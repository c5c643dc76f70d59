import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import type { JsonObject } from '../../services/json.ts';
import { thisPackage } from '../terminal/package.ts';

/** The example units. */
export type Example = 'fan-regulator' | 'temperature-display';

/** A private temporary folder with everything that the units of a demo need. */
export interface Workspace extends AsyncDisposable {
  /** Copies an example's program, with some of its files replaced. @returns The folder of that version. */
  version(example: Example, label: string, changes?: Readonly<Record<string, JsonObject | string>>): Promise<string>;
  /** Makes the folder that a unit lives in: a version's program with the unit's own documents. @returns The folder. */
  install(version: string, documents: { env: JsonObject; schema: JsonObject }): Promise<string>;
}

const json = (document: JsonObject): string => `${JSON.stringify(document, null, 2)}\n`;

/** Folders, compiled programs and documents; neither type declarations nor source maps. */
const belongs = (path: string): boolean => ['', '.js', '.json'].includes(extname(path));

/** Makes `import 'pepeunit-client'` work for programs below a folder, as if it had been installed there. */
const installPackage = async (folder: string): Promise<void> => {
  await writeFile(join(folder, 'package.json'), json({ private: true, type: 'module' }));
  await mkdir(join(folder, 'node_modules'));
  await symlink(thisPackage.folder, join(folder, 'node_modules', thisPackage.name), 'junction');
};

/** Opens a workspace; it is removed when disposed of, and at the latest when this process exits. */
export const openWorkspace = async (): Promise<Workspace> => {
  const root = await mkdtemp(join(tmpdir(), 'pepeunit-demo-'));
  const removeNow = () => rmSync(root, { recursive: true, force: true });
  process.once('exit', removeNow);
  await installPackage(root);
  return {
    version: async (example, label, changes = {}) => {
      const folder = join(root, 'versions', label);
      await cp(join(thisPackage.examples, example), folder, { recursive: true, filter: belongs });
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

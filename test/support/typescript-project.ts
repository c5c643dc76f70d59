import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as ts from 'typescript';
import { createFolder } from './folder.ts';

const root = resolve(import.meta.dirname, '../..');

/** A project of a user that has the built package in its node_modules, as TypeScript sees it. */
export interface TypeScriptProject {
  readonly folder: string;
  write(name: string, text: string): Promise<void>;
  remove(): Promise<void>;
}

/** What a user's tsconfig.json says, in TypeScript's own terms. */
export type Settings = Pick<ts.CompilerOptions, 'module' | 'moduleResolution' | 'lib' | 'types' | 'customConditions'>;

/** A program for Node, as `tsc --init` sets it up. */
export const forNode: Settings = { module: ts.ModuleKind.NodeNext, lib: ['lib.es2023.d.ts'], types: ['node'] };

/** Creates the project in an empty folder, with xstate, and with @types/node only where the settings of a check name it. */
export const createTypeScriptProject = async (): Promise<TypeScriptProject> => {
  const { path: folder, remove } = await createFolder();
  const link = async (name: string, target: string) => {
    await mkdir(dirname(join(folder, 'node_modules', name)), { recursive: true });
    await symlink(target, join(folder, 'node_modules', name));
  };
  await link('pepeunit-client', root);
  for (const name of ['xstate', '@types/node']) await link(name, join(root, 'node_modules', name));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  return { folder, remove, write: (name, text) => writeFile(join(folder, name), text) };
};

/** The options of the strictest user: nothing is overlooked, in declarations of packages neither. */
export const strictest = (settings: Settings, { folder }: TypeScriptProject): ts.CompilerOptions => ({
  ...settings,
  target: ts.ScriptTarget.ES2022,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  typeRoots: [join(folder, 'node_modules', '@types')],
});

/** What the compiler says of a file of the project and of all that it imports: `file:line: message`. */
export const faultsOf = (project: TypeScriptProject, name: string, settings: Settings): string[] => {
  const program = ts.createProgram([join(project.folder, name)], strictest(settings, project));
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const line = file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0;
    const path = file?.fileName.replace(`${project.folder}/`, '').replace(`${root}/`, '');
    return `${path}:${line}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
};

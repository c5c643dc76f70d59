import { basename, join, resolve } from 'node:path';
import { authorFromGit } from './init/author.ts';
import { dependencyOn } from './init/dependency.ts';
import { documentFiles, ignoredLines } from './init/documents.ts';
import { mergedManifest, newManifest, parseManifest, type ExistingManifest } from './init/manifest.ts';
import { programFiles } from './init/program.ts';
import type { Language, Project } from './init/project.ts';
import { writeContents } from './init/write.ts';
import { command, exitCode, UsageError } from './command.ts';
import { nodesWithTypes, runsTypeScript } from './unit/type-stripping.ts';
import { readIfThere } from './if-there.ts';
import { parseDescription, readmeOf } from './unit/description.ts';
import { notesOf, type Note } from './note.ts';
import { columns, print } from '../terminal/output.ts';
import { thisPackage } from '../terminal/package.ts';
import { shellWord } from '../terminal/shell.ts';

interface InitOptions {
  readonly javascript?: boolean;
  readonly typescript?: boolean;
  readonly name?: string;
}

const languageOf = ({ javascript = false, typescript = false }: InitOptions, note: Note): Language => {
  if (javascript && typescript) throw new UsageError('Give --javascript or --typescript, not both.');
  if (!typescript) return 'javascript';
  if (runsTypeScript()) return 'typescript';
  note(
    `Node ${process.versions.node} runs no TypeScript, so the unit is JavaScript with types in JSDoc, which npm run check checks. For TypeScript use ${nodesWithTypes}.`,
  );
  return 'checkedJavascript';
};

/** Files of a package that is no module of ECMAScript need an extension that says that they are. */
const extensionOf = (language: Language, existing: ExistingManifest | undefined): Project['extension'] => {
  const isModule = existing === undefined || existing.document['type'] === 'module';
  if (language === 'typescript') return isModule ? 'ts' : 'mts';
  return isModule ? 'js' : 'mjs';
};

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);

const titleOf = (folder: string, name: string | undefined): string => {
  const title = (name ?? basename(resolve(folder))).replaceAll(/\p{Cc}+/gu, ' ').trim();
  if (name !== undefined && title === '') throw new UsageError('--name takes a name, not an empty text.');
  return title === '' ? 'Unit' : title;
};

const nextSteps = (folder: string): string[] => [
  'Next:',
  '',
  ...columns([
    ...(resolve(folder) === resolve('.') ? [] : [[`  cd ${shellWord(folder)}`, '']]),
    ['  npm install', ''],
    ['  npm test', '# the unit in memory'],
    ['  npm run dev', '# the unit against an embedded Pepeunit, restarted when a file changes'],
  ]),
];

/** `pepeunit init`: makes a folder the repository of a unit. */
export const initCommand = command(
  {
    name: 'init',
    operands: '[FOLDER]',
    minOperands: 0,
    maxOperands: 1,
    about:
      'Makes FOLDER (by default the current one) the repository of a unit: a program with its test, package.json,\n' +
      'env_example.json, schema_example.json, pepeunit.toml with the readme.md written from it, LICENSE, .gitignore and\n' +
      '.pepeignore. A file that exists is left alone; package.json and the ignore files get what they lack.',
    options: {
      javascript: { type: 'boolean', help: 'Write the program in JavaScript, as by default.' },
      typescript: {
        type: 'boolean',
        help: `Write the program in TypeScript, which Node runs as it is: ${nodesWithTypes}.`,
      },
      name: { type: 'string', value: 'NAME', help: "Name of the unit. The folder's by default." },
      json: { type: 'boolean', help: 'Print what became of each file as JSON.' },
    },
    examples: ['my-unit', 'my-unit --typescript'],
  },
  async ({ operands: [folder = '.'], options }) => {
    const language = languageOf(options, notesOf('init', options));
    const title = titleOf(folder, options.name);
    const manifestPath = join(folder, 'package.json');
    const manifestText = await readIfThere(manifestPath);
    const existing = manifestText === undefined ? undefined : parseManifest(manifestPath, manifestText);
    const project: Project = {
      title,
      language,
      extension: extensionOf(language, existing),
      author: await authorFromGit(),
      year: new Date().getFullYear(),
      licence: textOr(existing?.document['license'], 'MIT'),
      version: textOr(existing?.document['version'], '0.1.0'),
    };
    const documents = documentFiles(project);
    const readme = readmeOf(await parseDescription(documents['pepeunit.toml'] ?? ''));
    const dependency = await dependencyOn(thisPackage, folder);
    const merged = existing && mergedManifest(existing, project, dependency);
    const result = await writeContents(folder, {
      files: { ...programFiles(project), ...documents, 'readme.md': readme },
      lines: ignoredLines(project),
      replaced: { 'package.json': merged?.text ?? newManifest(project, dependency) },
    });
    if (options.json === true) {
      print(JSON.stringify({ folder: resolve(folder), language, ...result, keptScripts: merged?.keptScripts ?? [] }));
      return exitCode.ok;
    }
    for (const name of result.written) print(`wrote ${join(folder, name)}`);
    for (const name of result.changed) print(`added what was missing to ${join(folder, name)}`);
    for (const name of result.kept) print(`left ${join(folder, name)} as it is`);
    if (merged && merged.keptScripts.length > 0)
      print(`left these scripts as they are: ${merged.keptScripts.join(', ')}`);
    ['', ...nextSteps(folder)].forEach((line) => print(line));
    return exitCode.ok;
  },
);

/**
 * How `dist/` is built: a file for each entry, chunks for what entries share, and the example units file by file. Types
 * are neither checked nor declared here: `npm run declarations` does both.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineConfig, type ChunkingContext, type InputOptions, type OutputOptions, type Plugin } from 'rolldown';
import * as ts from 'typescript';

/** What package.json names in `exports` and `bin`. */
const entries = [
  'app/node',
  'app/browser',
  'app/testing',
  'app/instance/index',
  'app/cli/bin',
  'app/cli/main',
  'app/inspector/unit-hook',
  'machines/index',
  'services/index',
];

/**
 * Chunks of what several entries load, by who loads it: at least one of each list. A module goes into the first chunk
 * that takes it; what it imports is loaded by the same entries and more, so chunks import only those above them.
 */
const chunks: Readonly<Record<string, readonly (readonly string[])[]>> = {
  values: [
    ['app/cli/main', 'app/cli/run'],
    ['app/browser', 'services/index'],
  ],
  machines: [['machines/index']],
  services: [['services/index']],
  documents: [['app/browser'], ['app/cli/log', 'app/cli/pack', 'app/cli/types', 'app/instance/index']],
  client: [['app/browser'], ['app/testing']],
  connections: [['app/browser']],
  archive: [['app/testing']],
  supervision: [['app/cli/main', 'app/cli/run'], ['app/node']],
  cli: [['app/cli/main', 'app/cli/run']],
  files: [['app/node'], ['app/cli/log', 'app/cli/pack', 'app/cli/types']],
  node: [['app/node']],
};

const root = import.meta.dirname;
const idOf = (entry: string): string => join(root, `${entry}.ts`);

/** Finds the entries that load a module with them; a lazily imported module is one too. */
const loadersOf = (id: string, graph: ChunkingContext, seen = new Set<string>()): string[] => {
  const info = graph.getModuleInfo(id);
  if (info === null || seen.has(id)) return [];
  seen.add(id);
  const isEntry = info.isEntry || info.dynamicImporters.length > 0;
  return [...(isEntry ? [id] : []), ...info.importers.flatMap((importer) => loadersOf(importer, graph, seen))];
};

/** Names the chunk of a module. `undefined` leaves it in its only entry, or in a chunk of its own. */
const chunkOf = (id: string, graph: ChunkingContext): string | undefined => {
  const loaders = loadersOf(id, graph);
  if (loaders.length < 2) return undefined;
  const isLoadedBy = (entry: string) => loaders.includes(idOf(entry));
  return Object.entries(chunks).find(([, lists]) => lists.every((list) => list.some(isLoadedBy)))?.[0];
};

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2022,
  verbatimModuleSyntax: true,
  sourceMap: true,
};

/** Compiles the few files with `using`, which Node 20 does not know; Rolldown would take its helpers from a package. */
const using: Plugin = {
  name: 'using',
  transform: {
    filter: { id: /\.ts$/, code: /^\s*(await )?using /m },
    handler: (text, fileName) => {
      const { outputText: code, sourceMapText: map } = ts.transpileModule(text, { compilerOptions, fileName });
      return { code, ...(map !== undefined && { map }), moduleType: 'js' };
    },
  },
};

/** Bundles this package's own modules; all others stay imports. */
export const ownModules: InputOptions = {
  cwd: root,
  platform: 'neutral',
  external: (id) => !/^[./]/.test(id),
  plugins: [using],
  // Only a busy machine makes it slow.
  checks: { bundlerTimings: false },
};

const output: OutputOptions = { dir: 'dist', sourcemap: true, sourcemapExcludeSources: true };

const exampleFiles = readdirSync(join(root, 'app/examples'), { recursive: true, encoding: 'utf8' }).map((name) =>
  join('app/examples', name),
);

/** Copies the documents of the examples beside them. */
const exampleDocuments: Plugin = {
  name: 'example-documents',
  writeBundle: async () => {
    const documents = exampleFiles.filter((name) => name.endsWith('.json'));
    await Promise.all(documents.map((name) => copyFile(join(root, name), join(root, 'dist', name))));
  },
};

/** Packages that are built in: Node reads one file for each where it would search and read dozens. */
const bundled = ['mqtt'];

/** Optional to those packages, and not theirs to bring. */
const optional = ['bufferutil', 'supports-color', 'utf-8-validate'];

const sourceOf: Plugin = {
  name: 'bundled',
  resolveId: { filter: { id: /^bundled:/ }, handler: (id) => join(root, id) },
  load: {
    filter: { id: /bundled:/ },
    handler: (id) => `export { default } from '${id.slice(id.indexOf(':') + 1)}';`,
  },
};

/** The folder of the package that a file is in. */
const packageFolderOf = (id: string): string | undefined =>
  /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0];

const licenceOf = (folder: string): string => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license: string;
  };
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? license : readFileSync(join(folder, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
};

/** Writes the licences of what is built in. */
const licences = (folder: string): Plugin => ({
  name: 'licences',
  generateBundle(_, files) {
    const ids = Object.values(files).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
    const folders = [...new Set(ids.map(packageFolderOf).filter((one) => one !== undefined))].toSorted();
    const source = folders.map(licenceOf).join(`\n${'-'.repeat(80)}\n\n`);
    this.emitFile({ type: 'asset', fileName: `${folder}/THIRD-PARTY.txt`, source });
  },
});

const page = join(root, 'app/inspector/page');
const pageText = (name: string): string => readFileSync(join(page, name), 'utf8');

/** A style sheet without comments and the space between its words. */
const minifiedCss = (text: string): string =>
  text
    .replaceAll(/\/\*[^]*?\*\//g, '')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([{};,>]) ?/g, '$1')
    .replaceAll(/: /g, ':')
    .replaceAll(';}', '}')
    .trim();

/** Puts the inspector's page and its style sheet beside its script. */
const pageFiles: Plugin = {
  name: 'page-files',
  generateBundle() {
    this.emitFile({ type: 'asset', fileName: 'inspector/page.css', source: minifiedCss(pageText('page.css')) });
    this.emitFile({ type: 'asset', fileName: 'inspector/index.html', source: pageText('index.html') });
  },
};

export default defineConfig([
  {
    ...ownModules,
    input: Object.fromEntries(entries.map((entry) => [entry, idOf(entry)])),
    preserveEntrySignatures: 'allow-extension',
    output: {
      ...output,
      cleanDir: true,
      chunkFileNames: 'chunks/[name].js',
      comments: { legal: true, annotation: true, jsdoc: false },
      minifyInternalExports: false,
      codeSplitting: { groups: [{ debugName: 'shared', name: chunkOf }], includeDependenciesRecursively: false },
    },
  },
  {
    ...ownModules,
    input: exampleFiles.filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts')),
    plugins: [using, exampleDocuments],
    output: { ...output, preserveModules: true, preserveModulesRoot: root },
  },
  {
    cwd: root,
    platform: 'node',
    external: optional,
    input: Object.fromEntries(bundled.map((name) => [`bundled/${name}`, `bundled:${name}`])),
    plugins: [sourceOf, licences('bundled')],
    output: { dir: 'dist', comments: false },
  },
  {
    cwd: root,
    platform: 'browser',
    input: { 'inspector/page': join(page, 'main.tsx') },
    plugins: [licences('inspector'), pageFiles],
    output: { dir: 'dist', comments: false, minify: true },
  },
]);

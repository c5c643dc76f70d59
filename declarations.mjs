/** Fills `types/` with the declarations that the package's entries lead to; tsc writes those of all sources. */
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const { compilerOptions } = ts.readConfigFile('tsconfig.build.json', ts.sys.readFile).config;
const written = compilerOptions.outDir;

/** The declarations that a part of `exports` names. */
const declarationsIn = (value) => {
  if (typeof value === 'string') return value.endsWith('.d.ts') ? [value] : [];
  return Object.values(value).flatMap(declarationsIn);
};

const { exports: exported } = JSON.parse(await readFile('package.json', 'utf8'));
const entries = declarationsIn(exported).map((path) => join(written, relative('types', path)));
const options = { module: ts.ModuleKind.NodeNext, noLib: true, types: [] };
const read = ts.createProgram(entries, options).getSourceFiles();
const files = read.map(({ fileName }) => relative(written, fileName)).filter((path) => !path.startsWith('..'));

await rm('types', { recursive: true, force: true });
for (const file of files) {
  const target = join('types', file);
  await mkdir(dirname(target), { recursive: true });
  await copyFile(join(written, file), target);
}

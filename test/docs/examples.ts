import { createRequire } from 'node:module';
import { join } from 'node:path';
import { compileFunction } from 'node:vm';
import * as ts from 'typescript';
import * as instanceEntry from '../../app/instance/index.ts';
import * as nodeEntry from '../../app/node.ts';
import * as testingEntry from '../../app/testing.ts';
import * as machinesEntry from '../../machines/index.ts';
import * as servicesEntry from '../../services/index.ts';
import { root } from './public-members.ts';

/** What examples use without making it. */
export interface World {
  readonly client: nodeEntry.PepeunitClient;
  readonly instance: instanceEntry.Instance;
  readonly unit: testingEntry.TestUnit;
}

const entries: Readonly<Record<string, unknown>> = {
  'pepeunit-client': nodeEntry,
  'pepeunit-client/instance': instanceEntry,
  'pepeunit-client/machines': machinesEntry,
  'pepeunit-client/services': servicesEntry,
  'pepeunit-client/testing': testingEntry,
};

/** The module that an example is: a function of the world, below the example's imports. */
const moduleOf = (code: string): string => {
  const source = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  const textOf = (isWanted: (statement: ts.Statement) => boolean): string =>
    source.statements.map((statement) => (isWanted(statement) ? statement.getFullText() : '')).join('');
  return `import type { World } from './examples.ts';
${textOf(ts.isImportDeclaration)}
export default async ({ client, instance, unit }: World): Promise<void> => {
  {${textOf((statement) => !ts.isImportDeclaration(statement))}
  }
};
`;
};

/** Where an example would be, were it a file. */
const pathOf = (index: number): string => join(root, 'test/docs', `example-${index}.ts`);

/**
 * Type-checks examples against the sources, of which those in `sources` are not read again.
 *
 * @returns What the compiler says, each with the name of its example.
 */
export const typeErrorsIn = (examples: readonly { name: string; code: string }[], sources: ts.Program): string[] => {
  const options = sources.getCompilerOptions();
  const host = ts.createCompilerHost(options);
  const texts = new Map(examples.map(({ code }, index) => [pathOf(index), moduleOf(code)]));
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.getSourceFile = (path, version, ...more) => {
    const text = texts.get(path);
    if (text !== undefined) return ts.createSourceFile(path, text, version);
    return sources.getSourceFile(path) ?? getSourceFile(path, version, ...more);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return examples.flatMap(({ name }, index) => {
    const file = program.getSourceFile(pathOf(index));
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(
      ({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
  });
};

const requireOther = createRequire(import.meta.url);

/** Runs an example to its end; what it imports of this package is its sources. */
export const runExample = async (code: string, world: World): Promise<void> => {
  const { outputText } = ts.transpileModule(moduleOf(code), {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022, esModuleInterop: true },
  });
  const exported: { default?: (world: World) => Promise<void> } = {};
  const evaluate = compileFunction(outputText, ['require', 'exports']) as (
    require: (name: string) => unknown,
    exports: typeof exported,
  ) => void;
  evaluate((name) => entries[name] ?? (requireOther(name) as unknown), exported);
  await exported.default?.(world);
};

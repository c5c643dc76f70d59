/** A process that runs tests against one mutant after the other, in a vitest of its own. Nothing is written to disk. */
import { fileURLToPath } from 'node:url';
import { createVitest, type TestModule, type TestSpecification } from 'vitest/node';
import { installed } from '../../support/installed.ts';
import type { Answer, Question } from './lanes.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));

/** What stands in place of a file. */
let fault: { readonly file: string; readonly text: string } | undefined;

/** A chart that goes round and round without an event fails at once, and not by its time limit. */
const limited = '.createMachine({ options: { maxIterations: 2_000 },';

const vitest = await createVitest(
  'test',
  {
    config: false,
    root: project,
    watch: false,
    include: ['test/machines/**/*.test.ts', 'test/lab/models/**/*.test.ts'],
    isolate: false,
    fileParallelism: false,
    pool: 'threads',
    maxWorkers: 1,
    bail: 1,
    cache: false,
    silent: true,
    reporters: [{}],
    // What a mutant keeps waiting fails by this; a walk through a model is slow of itself.
    testTimeout: 120_000,
  },
  {
    ssr: installed,
    plugins: [
      {
        name: 'fault',
        enforce: 'pre',
        transform: (source, id) => {
          if (!id.startsWith(`${project}machines/`)) return undefined;
          const text = fault && id === `${project}${fault.file}` ? fault.text : source;
          return { code: text.replace(/\.createMachine\(\{/g, limited), map: null };
        },
      },
    ],
    logLevel: 'silent',
  },
);

const specifications: readonly TestSpecification[] = await vitest.globTestSpecifications();

const firstFailure = (modules: readonly TestModule[]): string | undefined => {
  for (const module of modules) {
    const failed = [...module.children.allTests()].find((test) => test.result().state === 'failed');
    if (failed) return failed.fullName;
    if (module.state() === 'failed') return module.relativeModuleId;
  }
  return undefined;
};

/** @returns The name of a test that failed, and how many passed. */
const run = async ({ tests: { files, only } }: Question): Promise<Pick<Answer, 'failed' | 'passed'>> => {
  const chosen = specifications.filter(({ moduleId }) => files.some((file) => moduleId === `${project}${file}`));
  vitest.setGlobalTestNamePattern(new RegExp(only ?? ''));
  vitest.state.filesMap.clear();
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(chosen);
  const results = testModules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
  const failed = firstFailure(testModules) ?? (unhandledErrors.length > 0 ? 'an unhandled error' : undefined);
  return { passed: results.filter((state) => state === 'passed').length, ...(failed !== undefined && { failed }) };
};

const answer = async (question: Question): Promise<void> => {
  const touched = [fault, question.fault].flatMap((each) => (each ? [`${project}${each.file}`] : []));
  fault = question.fault;
  for (const file of touched) vitest.invalidateFile(file);
  const began = performance.now();
  const result = await run(question);
  process.send?.({ ...result, ms: Math.round(performance.now() - began) } satisfies Answer);
};

process.on('message', (question: Question) => void answer(question));
process.on('disconnect', () => process.exit());
process.send?.('ready');

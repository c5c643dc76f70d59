import { readdirSync, readFileSync } from 'node:fs';
import { idOfFile } from '../../support/machine-names.ts';

const project = new URL('../../../', import.meta.url);

/** Tests that are run against a mutant. */
export interface Tests {
  /** Paths of test files, from the project's root. */
  readonly files: readonly string[];
  /** Only the tests whose whole name this matches; by default all. */
  readonly only?: RegExp;
}

/** The machine that a source file belongs to: `machines/mqtt/setup.ts` to `mqtt`. */
export const machineOf = (file: string): string => /^machines\/([^/.]+)/.exec(file)?.[1] ?? '';

const filesBelow = (folder: string): string[] =>
  readdirSync(new URL(folder, project), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => `${folder}${path}`)
    .toSorted();

const readsMachine = (path: string, machine: string): boolean =>
  new RegExp(`/machines/${machine}[./]`).test(readFileSync(new URL(path, project), 'utf8'));

/** The machine's own tests: those beside its name, and those that import it. */
export const ownTests = (machine: string): Tests => ({
  files: filesBelow('test/machines/').filter(
    (path) => new RegExp(`^test/machines/${machine}[./]`).test(path) || readsMachine(path, machine),
  ),
});

/** The machine's walk through its table or its model; no tests for what several machines share. */
export const modelTests = (machine: string): Tests => ({
  files: machine === 'lib' ? [] : ['test/lab/models/machines.test.ts', 'test/lab/models/tables/tables.test.ts'],
  only: new RegExp(`^${idOfFile(machine)} `),
});

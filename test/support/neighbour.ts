import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, onTestFinished } from 'vitest';
import type { JsonObject, JsonValue } from '../../services/json.ts';
import { until } from './until.ts';

const project = resolve(import.meta.dirname, '../..');
const program = join(import.meta.dirname, 'programs/neighbour.py');

/** A Python that has the official client: the one that is named, or the one that CI installs. */
const python = process.env['PEPEUNIT_PYTHON'] ?? join(project, 'node_modules/.cache/neighbour/bin/python');
const isThere = existsSync(python);
const skips = !isThere && !process.env['CI'];

const why = ' (skipped: no Python with pepeunit-client; .ci/run installs one, PEPEUNIT_PYTHON names another)';

/** A group of tests beside the official client: skipped with the reason in its name where there is none, never so in CI. */
export const describeWithNeighbour = (name: string, tests: () => void): void => {
  describe.skipIf(skips)(`${name}${skips ? why : ''}`, () => {
    tests();
  });
};

/** The neighbour's program, as a version of it. */
export const neighbourProgram = async (version: number): Promise<string> =>
  (await readFile(program, 'utf8')).replace('VERSION = 1', `VERSION = ${version}`);

/** A unit of the official client that runs. */
export interface Neighbour {
  /** Lines that it has told. @throws {Error} It has ended. */
  readonly told: readonly JsonObject[];
  /** Gives it an order. */
  order(order: JsonObject): void;
  /** Gives it an order, and waits for the value that it tells under a name. */
  ask(order: JsonObject, name: string): Promise<JsonValue>;
}

const linesOf = (text: string): JsonObject[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as JsonObject);

/** Starts the program `main.py` of a folder; it ends with the test. */
export const startNeighbour = (folder: string): Neighbour => {
  if (!isThere) throw new Error(`${python} is not there, and CI must not go without it`);
  const child = spawn(python, ['main.py'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NO_PROXY: '127.0.0.1', PYTHONUTF8: '1' },
  });
  let output = '';
  let faults = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (faults += text));
  const ended = new Promise((done) => child.once('close', done));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const told = () => {
    if (child.exitCode !== null) throw new Error(`The neighbour ended: ${faults}`);
    return linesOf(output);
  };
  const order = (one: JsonObject) => child.stdin.write(`${JSON.stringify(one)}\n`);
  return {
    get told() {
      return told();
    },
    order,
    ask: async (one, name) => {
      const before = told().length;
      order(one);
      return until(
        () =>
          told()
            .slice(before)
            .find((news) => name in news || 'failed' in news)?.[name],
        { what: `the neighbour's ${name}` },
      );
    },
  };
};

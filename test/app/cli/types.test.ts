import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ts from 'typescript';
import { expect, test } from 'vitest';
import { unitTypes } from '../../../app/cli/unit/declaration.ts';
import { runCli } from '../../support/cli.ts';
import { temporaryFolder } from '../../support/folder.ts';

const schema = {
  input_base_topic: ['update/pepeunit'],
  output_base_topic: ['state/pepeunit', 'log/pepeunit'],
  input_topic: ['input/pepeunit'],
  output_topic: ['output/pepeunit', 'fan/pepeunit'],
};

/** Creates the folder of a unit, with a name as people give them. */
const unitFolder = async (env: unknown = { PU_DOMAIN: '', DELAY: 5 }, sections: unknown = schema): Promise<string> => {
  const folder = join(await temporaryFolder(), 'мой вентилятор 🌀');
  await mkdir(folder);
  await writeFile(join(folder, 'env_example.json'), JSON.stringify(env));
  await writeFile(join(folder, 'schema_example.json'), JSON.stringify(sections));
  return folder;
};

const wanted = `/**
 * Types of the unit, for \`new PepeunitClient<Unit>(…)\`. Made by \`pepeunit types\` from env_example.json and
 * schema_example.json: run it again when they change.
 */
export interface Unit {
  /** The unit's own variables. */
  readonly env: {
    readonly DELAY: number;
  };
  /** Keys of its Inputs. */
  readonly input: 'input/pepeunit';
  /** Keys of its Outputs. */
  readonly output: 'output/pepeunit' | 'fan/pepeunit';
}
`;

test('writes unit.d.ts beside the examples, and leaves one that is up to date alone', async () => {
  const folder = await unitFolder();
  const path = join(folder, 'unit.d.ts');
  expect(await runCli(['types', folder])).toEqual({ code: 0, stdout: `wrote ${path}\n`, stderr: '' });
  expect(await readFile(path, 'utf8')).toBe(wanted);
  const { ino } = await stat(path);
  await writeFile(path, wanted.replaceAll('\n', '\r\n'));
  expect(await runCli(['types'], { cwd: folder })).toEqual({
    code: 0,
    stdout: 'unit.d.ts is up to date\n',
    stderr: '',
  });
  expect((await stat(path)).ino).toBe(ino);
});

test('--check tells by its exit code whether unit.d.ts is up to date, and writes nothing', async () => {
  const folder = await unitFolder();
  const path = join(folder, 'unit.d.ts');
  const outdated = {
    code: 1,
    stdout: '',
    stderr: `pepeunit types: ${path} is not up to date. Write it by npx pepeunit-client types '${folder}'.\n`,
  };
  expect(await runCli(['types', folder, '--check'])).toEqual(outdated);
  await writeFile(path, 'old');
  expect(await runCli(['types', folder, '--check'])).toEqual(outdated);
  expect(await readFile(path, 'utf8')).toBe('old');
  await runCli(['types', folder]);
  expect(await runCli(['types', folder, '--check'])).toMatchObject({ code: 0, stderr: '' });
});

test('--json says the same in one line, on the standard output', async () => {
  const folder = await unitFolder();
  const path = join(folder, 'unit.d.ts');
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(['types', folder, '--json', ...args]);
    return { code, stderr, data: JSON.parse(stdout) as unknown };
  };
  expect(await run('--check')).toEqual({ code: 1, stderr: '', data: { types: path, current: false } });
  expect(await run()).toEqual({ code: 0, stderr: '', data: { types: path, current: false } });
  expect(await readFile(path, 'utf8')).toBe(wanted);
  expect(await run()).toEqual({ code: 0, stderr: '', data: { types: path, current: true } });
  expect(await run('--check')).toEqual({ code: 0, stderr: '', data: { types: path, current: true } });
  const both = await runCli(['types', folder, '--json', '--print']);
  expect(both).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(both.stderr)).toMatchObject({ code: 'usage' });
});

test('--print writes to the standard output alone', async () => {
  const folder = await unitFolder();
  await chmod(folder, 0o500);
  expect(await runCli(['types', folder, '--print'])).toEqual({ code: 0, stdout: wanted, stderr: '' });
});

test('describes each variable, and escapes keys and names of any characters', () => {
  const types = unitTypes(
    {
      COUNT: 1,
      'a-b': 'x',
      LIST: ['a', 'b'],
      MIXED: [1, 'a', null],
      NONE: [],
      DEEP: { on: true, more: { list: [[1]] }, empty: {} },
    },
    {
      input_topic: ['температура/pepeunit', 'a"b', "it's", 'two\nlines */', 'two\nlines */', '\u2028\\'],
      output_topic: {},
    },
  );
  expect(types.slice(types.indexOf('export'))).toBe(`export interface Unit {
  /** The unit's own variables. */
  readonly env: {
    readonly COUNT: number;
    readonly 'a-b': string;
    readonly LIST: readonly string[];
    readonly MIXED: readonly (number | string | null)[];
    readonly NONE: readonly unknown[];
    readonly DEEP: {
      readonly on: boolean;
      readonly more: {
        readonly list: readonly (readonly number[])[];
      };
      readonly empty: Readonly<Record<string, unknown>>;
    };
  };
  /** Keys of its Inputs. */
  readonly input:
    | 'температура/pepeunit'
    | 'a"b'
    | "it's"
    | 'two\\nlines */'
    | '\u2028\\\\';
  /** Keys of its Outputs. */
  readonly output: never;
}
`);
  const { parseDiagnostics } = ts.createSourceFile('unit.d.ts', types, ts.ScriptTarget.Latest) as ts.SourceFile & {
    readonly parseDiagnostics: readonly ts.Diagnostic[];
  };
  expect(parseDiagnostics).toEqual([]);
});

test('a unit without variables of its own has none', () => {
  expect(unitTypes({ PU_DOMAIN: '' }, schema)).toContain('readonly env: {};');
});

const failure = async (folder: string, ...args: readonly string[]) => {
  const { code, stdout, stderr } = await runCli(['types', folder, ...args]);
  expect(stdout).toBe('');
  return `${code} ${stderr.replaceAll(folder, 'FOLDER')}`;
};

test('says what is wrong with the examples, and writes nothing', async () => {
  expect(await failure(await unitFolder([1]))).toBe(
    '1 pepeunit types: SettingsError (malformed): FOLDER/env_example.json must be a JSON object. Correct it.\n',
  );
  expect(await failure(await unitFolder({}, { ...schema, input_topic: [1] }))).toBe(
    '1 pepeunit types: SchemaError (invalid): schema_example.json: input_topic must be a list of topic keys. Correct it.\n',
  );
  const empty = await temporaryFolder();
  expect(await failure(empty)).toBe(
    "1 pepeunit types: SettingsError (missing): FOLDER/env_example.json does not exist. Give the folder of a unit's program.\n",
  );
  await writeFile(join(empty, 'env_example.json'), '{}');
  expect(await failure(empty)).toBe(
    "1 pepeunit types: SchemaError (missing): FOLDER/schema_example.json does not exist. Give the folder of a unit's program.\n",
  );
});

test('a file in place of the folder, and an unknown option, are wrong usage', async () => {
  const folder = await unitFolder();
  const path = join(folder, 'env_example.json');
  expect(await failure(path)).toBe(
    `2 pepeunit types: It takes a unit's folder, and FOLDER is a file. Give the folder that it is in. pepeunit types --help says more.\n`,
  );
  expect(await failure(folder, '--name', 'Own')).toMatch(/^2 pepeunit types: Unknown option '--name'/);
});

test('a folder in place of unit.d.ts is an error', async () => {
  const folder = await unitFolder();
  await mkdir(join(folder, 'unit.d.ts'));
  expect(await failure(folder)).toMatch(/^1 pepeunit types: StorageError \(io\): .* \(EISDIR\)/);
});

test.skipIf(process.getuid?.() === 0)('a folder that is read-only is an error that names the file', async () => {
  const folder = await unitFolder();
  await chmod(folder, 0o500);
  expect(await failure(folder)).toMatch(
    /^1 pepeunit types: StorageError \(io\): FOLDER\/unit\.d\.ts can't be written \(EACCES\)/,
  );
  await chmod(folder, 0o700);
});

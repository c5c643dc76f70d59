import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { startInstance, type Instance, type UnitRow } from '../../app/instance/index.ts';
import type { JsonObject } from '../../services/json.ts';
import { secretVariables } from '../../services/secrets.ts';
import { searchFor } from './canary/search.ts';
import { runCli, type CliOptions, type CliResult } from './cli.ts';
import { createFolder, writeFiles, type Files } from './folder.ts';
import { programFiles } from './instance.ts';

const project = resolve(import.meta.dirname, '../..');

export interface Finding {
  readonly check: string;
  readonly result: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly detail: string;
  readonly remedy: string | null;
}

/** What the doctor says about a unit. */
export interface Diagnosis {
  readonly code: number | null;
  readonly verdict: string | undefined;
  readonly findings: readonly Finding[];
  /** First finding. */
  readonly first: Finding | undefined;
  readonly of: (check: string) => Finding | undefined;
}

/** A WiFi password with all that needs an escape somewhere. */
export const wifiPass = 'Пароль "wifi" \\ 🔑 123';

/** A text of an env. */
export const textIn = (env: JsonObject, name: string): string => {
  const value = env[name];
  return typeof value === 'string' ? value : '';
};

/** Reads what is printed for people: the verdict, and each finding with its remedy below it. */
const parse = (text: string): Pick<Diagnosis, 'verdict' | 'findings'> => {
  const [verdict, , ...lines] = text.trimEnd().split('\n');
  const findings: Finding[] = [];
  for (const line of lines) {
    const [, result, check = '', detail = ''] =
      /^(ok|warning|failed|skipped) +(\S+(?: \S+)*) {2,}(.*)$/.exec(line) ?? [];
    if (result !== undefined) findings.push({ check, result: result as Finding['result'], detail, remedy: null });
    else findings.push({ ...(findings.pop() as Finding), remedy: line.trim() });
  }
  return { verdict, findings };
};

/** Runs `pepeunit doctor`, and searches all that it prints for the secrets of an env. */
export const runDoctor = async (
  args: readonly string[],
  env: JsonObject,
  options: CliOptions = {},
): Promise<CliResult> => {
  const result = await runCli(['doctor', ...args], options);
  const leaksIn = searchFor(secretVariables.map((name) => textIn(env, name)));
  expect(leaksIn(result.stdout + result.stderr)).toEqual([]);
  expect(result.stderr).toBe('');
  return result;
};

/** Runs `pepeunit doctor` as a person does, and reads what it prints. */
export const diagnose = async (
  folder: string,
  env: JsonObject,
  { args = [], ...options }: CliOptions & { readonly args?: readonly string[] } = {},
): Promise<Diagnosis> => {
  const { code, stdout } = await runDoctor([folder, ...args], env, options);
  const { verdict, findings } = parse(stdout);
  return { code, verdict, findings, first: findings[0], of: (check) => findings.find((one) => one.check === check) };
};

/** A unit of an instance, and copies of its folder that a test may break. */
export interface Clinic {
  readonly instance: Instance;
  readonly unit: UnitRow;
  readonly env: JsonObject;
  readonly token: string;
  readonly schema: JsonObject;
  /** Writes a folder of the unit with changes: to its env, and to files, `undefined` for one that is left out. */
  patient(changes?: JsonObject, files?: Readonly<Record<string, string | undefined>>): Promise<string>;
  stop(): Promise<void>;
}

/** Starts an instance with a unit, and a folder for its copies, with spaces, Cyrillic and an emoji in its path. */
export const startClinic = async (more: Files = {}): Promise<Clinic> => {
  const folder = await createFolder();
  const root = join(folder.path, 'мой unit 🌡');
  await mkdir(join(root, 'node_modules'), { recursive: true });
  await symlink(project, join(root, 'node_modules/pepeunit-client'));
  const source = join(root, 'source');
  await writeFiles(source, programFiles(more));
  const instance = await startInstance();
  const unit = await instance.operator.createUnit({ name: 'fan', folder: source });
  const env: JsonObject = { ...(await instance.operator.getEnv(unit.uuid)), PUC_WIFI_PASS: wifiPass };
  const schema = instance.operator.getSchema(unit.uuid);
  let count = 0;
  return {
    instance,
    unit,
    env,
    token: textIn(env, 'PU_AUTH_TOKEN'),
    schema,
    patient: async (changes = {}, files = {}) => {
      count += 1;
      const path = join(root, `patient ${count}`);
      const all: Readonly<Record<string, string | undefined>> = {
        ...programFiles(more),
        'package.json': '{"type":"module","dependencies":{"pepeunit-client":"*"}}',
        'main.js': 'export {};\n',
        'env.json': JSON.stringify({ ...env, ...changes }),
        'schema.json': JSON.stringify(schema),
        ...files,
      };
      const given = Object.entries(all).filter((file): file is [string, string] => file[1] !== undefined);
      await mkdir(path, { recursive: true });
      await writeFiles(path, Object.fromEntries(given.filter(([name]) => name !== 'env.json')));
      const [, text] = given.find(([name]) => name === 'env.json') ?? [];
      if (text !== undefined) await writeFile(join(path, 'env.json'), text, { mode: 0o600 });
      return path;
    },
    stop: async () => {
      await instance.stop();
      await folder.remove();
    },
  };
};

/** One thing that is wrong with a unit, and the first finding about it. */
export interface Row {
  readonly what: string;
  /** Changes of its env. */
  readonly env?: (clinic: Clinic) => JsonObject;
  /** Changes of its files. */
  readonly files?: (clinic: Clinic) => Readonly<Record<string, string | undefined>>;
  readonly check: string;
  /** @defaultValue `'failed'` */
  readonly result?: 'failed' | 'warning';
  /** Words of the detail. */
  readonly says: RegExp;
  /** Words of the remedy. */
  readonly helps: RegExp;
  /** Checks that need this one. */
  readonly skips?: readonly string[];
}

/** Checks that a finding is the first, the exit code, and what is skipped for it. */
export const expectFirst = (found: Diagnosis, { check, says, helps, result = 'failed', skips = [] }: Row): void => {
  expect(found.first).toMatchObject({ check, result });
  expect(found.first?.detail).toMatch(says);
  expect(found.first?.remedy).toMatch(helps);
  expect(found.code).toBe(result === 'failed' ? 1 : 0);
  expect(found.verdict).toMatch(result === 'failed' ? /^\d problems?/ : /^The unit is well, 1 warning$/);
  for (const name of skips) {
    expect(found.of(name)).toEqual({ check: name, result: 'skipped', detail: `needs ${check} first`, remedy: null });
  }
};

/** Tests each row with a unit of its own. */
export const testRows = (clinic: () => Clinic, rows: readonly Row[]): void => {
  test.each(rows.map((row) => [row.what, row] as const))('%s', async (_what, row) => {
    const env = row.env?.(clinic()) ?? {};
    const folder = await clinic().patient(env, row.files?.(clinic()));
    expectFirst(await diagnose(folder, { ...clinic().env, ...env }), row);
  });
};

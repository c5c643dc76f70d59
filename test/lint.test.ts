import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { parseConfigFileTextToJson } from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const project = resolve(import.meta.dirname, '..');
const config = join(project, '.oxlintrc.json');

/** For each rule on types, a file that breaks it. */
const unlawful: Readonly<Record<string, readonly [file: string, source: string]>> = {
  'no-explicit-any': ['app/explicit-any.ts', 'export const parse = (text: string): any => JSON.parse(text);\n'],
  'no-floating-promises': [
    'app/floating-promise.ts',
    'const send = async (): Promise<void> => undefined;\nexport const sendAll = (): void => {\n  send();\n};\n',
  ],
  'no-misused-promises': [
    'app/misused-promise.ts',
    'const call = (listener: () => void): void => listener();\nexport const start = (): void => call(async () => undefined);\n',
  ],
  'switch-exhaustiveness-check': [
    'app/open-switch.ts',
    "export const colour = (state: 'on' | 'off'): string | undefined => {\n  switch (state) {\n    case 'on':\n      return 'green';\n  }\n  return undefined;\n};\n",
  ],
  'no-unnecessary-condition': [
    'app/needless-condition.ts',
    "export const nameOf = (unit: { name: string }): string => unit.name ?? 'nameless';\n",
  ],
  'unbound-method': [
    'machines/unbound.ts',
    'class Fan {\n  speed = 0;\n  stop(): void {\n    this.speed = 0;\n  }\n}\nexport const stopped = (fan: Fan): (() => void) => fan.stop;\n',
  ],
};

const lawful = 'export const lengths = (texts: readonly string[]): number[] => texts.map(({ length }) => length);\n';

/** Lints a tree by this project's rules. @returns `rule: file` for each finding. */
const findings = async (tree: string): Promise<string[]> => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(project, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format', 'json'],
    { cwd: tree },
  ).catch((thrown: { stdout?: string }) => {
    if (!thrown.stdout) throw new Error('The tree could not be linted.', { cause: thrown });
    return { stdout: thrown.stdout };
  });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; filename: string }[] };
  return diagnostics.map(({ code, filename }) => `${code}: ${filename}`);
};

describe('the lint rules on types', () => {
  let tree: string;
  let found: string[];
  beforeAll(async () => {
    tree = await mkdtemp(join(tmpdir(), 'pepeunit-lint-'));
    await cp(config, join(tree, '.oxlintrc.json'));
    await cp(join(project, 'tsconfig.json'), join(tree, 'tsconfig.json'));
    await symlink(join(project, 'node_modules'), join(tree, 'node_modules'));
    for (const [path, source] of [...Object.values(unlawful), ['app/lawful.ts', lawful] as const]) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), source);
    }
    found = await findings(tree);
  });
  afterAll(() => rm(tree, { recursive: true, force: true }));

  test.each(Object.entries(unlawful))('%s is found where it is broken', (rule, [file]) => {
    expect(found).toContain(`typescript(${rule}): ${file}`);
  });

  test('nothing is found where they are kept', () => {
    expect(found.filter((finding) => finding.endsWith('app/lawful.ts'))).toEqual([]);
  });

  test('are each broken here', async () => {
    interface Rules {
      readonly rules: Readonly<Record<string, unknown>>;
    }
    const parsed = parseConfigFileTextToJson(config, await readFile(config, 'utf8'));
    const { rules, overrides } = parsed.config as Rules & { overrides: readonly Rules[] };
    const switchedOn = [rules, ...overrides.map((one) => one.rules)]
      .flatMap(Object.entries)
      .filter(([name, level]) => name.startsWith('typescript/') && level === 'error')
      .map(([name]) => name.replace('typescript/', ''));
    expect(Object.keys(unlawful).toSorted()).toEqual(switchedOn.toSorted());
  });
});

import { appendFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { secretVariables } from '../../../services/secrets.ts';

/** Names the folder in which the processes of a run of the tests keep what was shown. */
export const recordVariable = 'PEPEUNIT_TEST_RECORD';

/** What shows texts to somebody. */
export const sinks = ['console', 'output', 'log file', 'record'] as const;
export type Sink = (typeof sinks)[number];

const append = (name: string, line: unknown): void => {
  const folder = process.env[recordVariable];
  if (folder !== undefined) appendFileSync(join(folder, `${name}-${process.pid}`), `${JSON.stringify(line)}\n`);
};

/** Keeps what a sink has shown, for the search after the last test. */
export const recordShown = (sink: Sink, text: string): void => {
  if (text !== '') append('shown', { sink, text });
};

/** Keeps what a sink is made to show, which the search has to find. */
export const recordPlanted = (sink: Sink, text: string): void => append('planted', { sink, text });

/** Keeps secrets to search for after the last test. */
export const recordSecrets = (secrets: readonly string[]): void => {
  for (const secret of secrets) append('secrets', secret);
};

const secretsIn = (value: unknown): string[] => {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    secretVariables.some((secret) => secret === name) ? [String(member)] : secretsIn(member),
  );
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // A test has damaged it.
    return undefined;
  }
};

const maxBytes = 1024 * 1024;
/** Folders of programs, and of an instance of `pepeunit dev`, whose files show nothing to anybody. */
const programs = /(^|\/)(node_modules|staging-[^/]*|previous-[^/]*|kept|\.pepeunit\/dev)(\/|$)/;
/** What a killed program leaves of a document it was writing, which may be an env. */
const unfinished = /^\.pepeunit-.*\.tmp$/;

/** What kind of sink a file is; `undefined` for none. */
const sinkOf = (path: string): Sink | undefined => {
  if (unfinished.test(basename(path))) return undefined;
  if (basename(path).endsWith('log.json')) return 'log file';
  return path.includes('.pepeunit/') ? 'record' : undefined;
};

/** Keeps what the files of units in a folder show, and the secrets of their envs. */
export const recordFolder = async (folder: string): Promise<void> => {
  if (process.env[recordVariable] === undefined) return;
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const path of names.map((name) => join(folder, name)).filter((name) => !programs.test(relative(folder, name)))) {
    const isEnv = /(^|-)env\.json$/.test(basename(path));
    const sink = isEnv ? undefined : sinkOf(path);
    const stats = isEnv || sink !== undefined ? await stat(path).catch(() => undefined) : undefined;
    if (stats?.isFile() !== true || stats.size > maxBytes) continue;
    const text = await readFile(path, 'utf8').catch(() => '');
    if (isEnv) recordSecrets(secretsIn(parsed(text)));
    else if (sink !== undefined) recordShown(sink, text);
  }
};

import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startProgram, type CliResult, type CliRun } from '../cli.ts';
import { executable } from '../executable.ts';
import { until } from '../until.ts';
import type { NpmRegistry } from './registry.ts';

/** Programs of a machine on which Node was just installed: no compiler, no git. */
const programs: Readonly<Record<string, string | undefined>> = {
  node: process.execPath,
  npm: executable('npm'),
  npx: executable('npx'),
  sh: executable('sh'),
};

const shell = programs['sh'] ?? '/bin/sh';

const absent = Object.keys(programs).filter((name) => programs[name] === undefined);

/** Why tests that install packages are skipped, as part of their names; empty if they run. */
export const whyNoNpm = absent.length === 0 ? '' : ` (skipped: no ${absent.join(', ')} in the PATH)`;

/** Somebody at a shell, with a clean home and nothing but Node, npm and a shell on the machine. */
export interface NpmUser {
  /** The folder that they are in. */
  readonly folder: () => string;
  /** Types a line of the shell and waits for its end; `cd` is remembered. */
  type(line: string): Promise<CliResult>;
  /** Types a line that starts a program which goes on until it is interrupted. */
  start(line: string): Conversation;
}

/** A program that goes on, and what it has printed so far that nobody has waited for. */
export interface Conversation extends CliRun {
  /** Types a line into it. */
  type(line: string): void;
  /** Waits until it prints something after what was heard last. */
  hear(pattern: RegExp): Promise<void>;
  /** Presses Ctrl-C, which every program gets that the line has started. @returns What was printed in all. */
  interrupt(): Promise<CliResult>;
}

const makeBin = async (folder: string): Promise<string> => {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  for (const [name, target] of Object.entries(programs))
    if (target !== undefined) await symlink(target, join(bin, name));
  return bin;
};

/**
 * Gives a user of a registry a home and an empty folder.
 *
 * @param folder - A folder for both, which the caller removes.
 * @param project - The name of the folder that they start in.
 */
export const createNpmUser = async (folder: string, registry: NpmRegistry, project: string): Promise<NpmUser> => {
  const home = join(folder, 'home');
  const start = join(folder, project);
  await mkdir(home);
  await mkdir(start);
  await writeFile(
    join(home, '.npmrc'),
    `registry=${registry.origin}\naudit=false\nfund=false\nupdate-notifier=false\n`,
  );
  const env = {
    PATH: await makeBin(folder),
    HOME: home,
    LANG: 'C.UTF-8',
    npm_config_globalconfig: join(home, 'npmrc-of-all'),
  };
  let current = start;
  const startLine = (line: string): CliRun =>
    startProgram(shell, ['-c', line], { cwd: current, env, detached: true, stdin: 'pipe' });
  return {
    folder: () => current,
    type: async (line) => {
      const { child, ended } = startLine(`${line}\ncode=$?; printf '\\n%s' "$PWD"; exit $code`);
      child.stdin?.end();
      const result = await ended;
      const at = result.stdout.lastIndexOf('\n');
      current = result.stdout.slice(at + 1);
      return { ...result, stdout: result.stdout.slice(0, at) };
    },
    start: (line) => {
      const run = startLine(line);
      const { child } = run;
      let unheard = '';
      for (const output of [child.stdout, child.stderr]) output?.on('data', (text: string) => (unheard += text));
      const find = (pattern: RegExp): boolean => {
        const match = pattern.exec(unheard);
        if (match !== null) unheard = unheard.slice(match.index + match[0].length);
        return match !== null;
      };
      return {
        ...run,
        type: (text) => void child.stdin?.write(`${text}\n`),
        hear: async (pattern) => {
          try {
            await until(() => find(pattern), { what: `${line} printing ${String(pattern)}` });
          } catch (cause) {
            throw new Error(`${String(cause)}. What it printed since it was heard:\n${unheard}`, { cause });
          }
        },
        interrupt: () => {
          if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT');
          return run.ended;
        },
      };
    },
  };
};

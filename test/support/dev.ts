import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runCli, startCli } from './cli.ts';
import { temporaryFolder } from './folder.ts';
import { linkPackage } from './new-unit.ts';
import { until } from './until.ts';

/** Makes a new unit with its packages, in a folder whose name is not of ASCII. */
export const createNewUnit = async (...options: string[]): Promise<string> => {
  const folder = join(await temporaryFolder(), 'мой юнит 🚀');
  await runCli(['init', folder, ...options]);
  await linkPackage(folder);
  return folder;
};

/** What `pepeunit dev --json` prints first. */
export interface DevLine {
  readonly unit: string;
  readonly apiUrl: string;
  readonly inspectorUrl?: string;
}

/** Starts `pepeunit dev` in a unit's folder, from where one types lines to it. It ends with the test at the latest. */
export const startDev = (folder: string, ...options: string[]) => {
  const run = startCli(['dev', '--json', ...options], { cwd: folder, stdin: 'pipe' });
  onTestFinished(async () => {
    run.child.kill('SIGTERM');
    await run.ended;
  });
  let shown = '';
  for (const stream of [run.child.stdout, run.child.stderr]) stream?.on('data', (text: string) => (shown += text));
  const all = () => shown;
  let from = 0;
  return {
    ...run,
    all,
    type: (line: string) => void run.child.stdin?.write(`${line}\n`),
    /** Waits for a text after all that was waited for before. */
    hears: async (wanted: RegExp): Promise<string> => {
      const found = await until(() => wanted.exec(all().slice(from)) ?? undefined, {
        what: `${String(wanted)} in the output`,
      }).catch((cause: unknown) => {
        throw new Error(all().slice(from), { cause });
      });
      from += found.index + found[0].length;
      return found[0];
    },
    line: async (): Promise<DevLine> =>
      JSON.parse(await until(() => /^\{.*\}$/m.exec(run.stdout())?.[0], { what: 'the line of JSON' })) as DevLine,
  };
};

/** Whether a process is there. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

import { spawn } from 'node:child_process';
import { FirmwareError } from '../../../services/errors.ts';

/** How a new program is tried before it is put in place. */
export interface SelfTest {
  /** What the program is called with; it passes when it ends with 0. */
  readonly args: readonly string[];
  /** @defaultValue 30_000 */
  readonly withinMs?: number;
}

const failed = (why: string, cause?: unknown) =>
  new FirmwareError('selfTest', `The new program did not pass its self-test: it ${why}. Send another version.`, {
    cause,
  });

/** Ends a program and all that it started: it leads a group of its own. */
const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It ended by itself meanwhile.
  }
};

/**
 * Runs a program, without a shell, in the folder of its version's env.json and schema.json. `PEPEUNIT_SELF_TEST` is `1`
 * there, and what it prints is not looked at.
 *
 * @throws {FirmwareError} `selfTest`
 */
export const runSelfTest = (
  program: string,
  folder: string,
  { args, withinMs = 30_000 }: SelfTest,
  signal: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: folder,
      env: { ...process.env, PEPEUNIT_SELF_TEST: '1' },
      stdio: 'ignore',
      detached: true,
    });
    const giveUp = () => killGroup(child.pid);
    const late = setTimeout(() => {
      giveUp();
      reject(failed(`took longer than ${withinMs} ms`));
    }, withinMs);
    signal.addEventListener('abort', giveUp, { once: true });
    const settle = (act: () => void) => {
      clearTimeout(late);
      signal.removeEventListener('abort', giveUp);
      killGroup(child.pid);
      act();
    };
    child.on('error', (cause) => settle(() => reject(failed(`can't be started (${cause.message})`, cause))));
    child.on('exit', (code, by) =>
      settle(() =>
        code === 0 ? resolve() : reject(failed(by === null ? `ended with ${code}` : `was ended by ${by}`)),
      ),
    );
  });

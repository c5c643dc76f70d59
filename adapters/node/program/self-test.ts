import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { FirmwareError } from '../../../services/errors.ts';

/** A test run of a new program before its installation. */
export interface SelfTest {
  /** Arguments of the program; exit code 0 passes. */
  readonly args: readonly string[];
  /** @defaultValue 30_000 */
  readonly withinMs?: number | undefined;
}

/** Bytes of an ELF header up to its machine: class, byte order, and machine (System V ABI, chapter 4). */
const headBytes = 20;
const elfMark = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

const headOf = async (path: string): Promise<Buffer> => {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

const isElf = (head: Buffer): boolean => head.length === headBytes && head.subarray(0, 4).equals(elfMark);
const machineOf = (head: Buffer): string => head.subarray(4, 6).toString('hex') + head.subarray(18).toString('hex');

/**
 * Checks that a program is not empty and not built for another machine.
 *
 * @throws {FirmwareError} `selfTest`
 */
export const checkProgramHead = async (path: string): Promise<void> => {
  const head = await headOf(path);
  if (head.length === 0) throw new FirmwareError('selfTest', 'The new program is empty. Send another version.');
  const own = await headOf(process.execPath);
  if (!isElf(head) || !isElf(own) || machineOf(head) === machineOf(own)) return;
  throw new FirmwareError('selfTest', 'The new program is built for another machine. Send one for this machine.');
};

const selfTestFailed = (why: string, cause?: unknown) =>
  new FirmwareError('selfTest', `The new program did not pass its self-test: it ${why}. Send another version.`, {
    cause,
  });

/** Kills a program and its children: it leads its own process group. */
const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
};

/**
 * Runs a program, without a shell, in the folder of its version's env.json and schema.json, with
 * `PEPEUNIT_SELF_TEST=1`. Ignores its output.
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
      reject(selfTestFailed(`took longer than ${withinMs} ms`));
    }, withinMs);
    signal.addEventListener('abort', giveUp, { once: true });
    const settle = (act: () => void) => {
      clearTimeout(late);
      signal.removeEventListener('abort', giveUp);
      killGroup(child.pid);
      act();
    };
    child.on('error', (cause) => settle(() => reject(selfTestFailed(`can't be started (${cause.message})`, cause))));
    child.on('exit', (code, by) =>
      settle(() =>
        code === 0 ? resolve() : reject(selfTestFailed(by === null ? `ended with ${code}` : `was ended by ${by}`)),
      ),
    );
  });

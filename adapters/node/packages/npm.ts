import { spawn } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import { FirmwareError, RestError } from '../../../services/errors.ts';

/** How packages are installed. */
export interface NpmOptions {
  /** Time limit, milliseconds. @defaultValue 300_000 */
  readonly withinMs?: number | undefined;
  /** The program. @defaultValue `npm` of the host, or else the one beside this Node */
  readonly npm?: string;
}

/** Variables that npm has no use for: a unit's, its supervisor's, and options that would load the unit's modules. */
const isForeign = (name: string): boolean => /^(PUC?_|PEPEUNIT_|NODE_OPTIONS$)/i.test(name);

const environment = (): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !isForeign(name))),
  // Under a supervisor such as systemd the path often lacks the folder of Node.
  PATH: [process.env['PATH'] ?? '', dirname(process.execPath)].filter(Boolean).join(delimiter),
});

/** Dependencies alone, no scripts of packages, and nothing but them written. */
const always = [
  '--omit=dev',
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--no-update-notifier',
  '--no-progress',
  '--loglevel=error',
];
const commands = { locked: ['ci', ...always], free: ['install', '--no-save', '--no-package-lock', ...always] };

const maxOutput = 16 * 1024;
const maxShown = 400;

/** What npm says of its failure: without its marks, the way to its log, and what may be a password in an address. */
const reasonIn = (output: string): string =>
  output
    .split('\n')
    .filter((line) => /^npm (error|ERR!) /.test(line) && !/^npm \S+ (code|errno|A complete log|\s*\/)/.test(line))
    .map((line) => line.replace(/^npm \S+ (\S*\d{3}\S* )?/, '').trim())
    .join(' ')
    .replaceAll(/\/\/[^/@\s]*@/g, '//')
    .slice(0, maxShown);

const unreachable = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ENETUNREACH', 'EHOSTUNREACH']);
const late = new Set(['ETIMEDOUT', 'ERR_SOCKET_TIMEOUT', 'EIDLETIMEOUT', 'FETCH_ERROR']);
const help = 'Look at the registry and at the connection of the device.';

/** The error for what npm has printed. One of the registry or of the network may be over later. */
const failureOf = (output: string): Error => {
  const code = /^npm (?:error|ERR!) code (\S+)/m.exec(output)?.[1] ?? 'no code';
  const what = `The firmware's packages could not be installed: npm ended with ${code}. ${reasonIn(output)}`.trim();
  const status = /^E([45]\d\d)$/.exec(code)?.[1];
  if (status !== undefined) return new RestError('status', `${what} ${help}`, { status: Number(status) });
  if (unreachable.has(code)) return new RestError('network', `${what} ${help}`);
  if (late.has(code)) return new RestError('timeout', `${what} ${help}`);
  if (code === 'ENOSPC') return new FirmwareError('space', `${what} Free space and update again.`);
  return new FirmwareError('install', `${what} Correct what it names, and send the update again.`);
};

const notStarted = (cause: Error): FirmwareError =>
  new FirmwareError(
    'install',
    `The firmware's packages could not be installed: npm can't be started (${cause.message}). Install npm on the device, or the packages by hand, and send the update again.`,
    { cause },
  );

/** Kills npm and what it has started: it leads its own process group. */
const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
};

/** Reads until the one who writes has ended, then kills a process group. */
const watchScript = 'read -r _; kill -9 "-$1"';

/**
 * Ends npm with this process, also when that is killed: it writes nothing beside the next start.
 *
 * @returns A function that ends the watch.
 */
const endTogether = (pid: number | undefined): (() => void) => {
  if (pid === undefined) return () => undefined;
  const watch = spawn('sh', ['-c', watchScript, 'sh', `${pid}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Without a shell on the host npm ends by itself.
  watch.on('error', () => undefined).unref();
  return () => void watch.kill('SIGKILL');
};

/**
 * Installs what the package.json in a folder names, by the lock file beside it if there is one. Runs npm without a shell and
 * without the variables of the unit; no package runs a script. npm does not outlive this process.
 *
 * @throws {FirmwareError} `install`, `space`
 * @throws {RestError} `network`, `timeout`, `status` if the registry could not be had.
 */
export const runNpm = (
  folder: string,
  isLocked: boolean,
  { withinMs = 300_000, npm = 'npm' }: NpmOptions,
  signal: AbortSignal,
): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const child = spawn(npm, isLocked ? commands.locked : commands.free, {
      cwd: folder,
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
    });
    const endWatch = endTogether(child.pid);
    let output = '';
    let reason: Error | undefined;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-maxOutput)));
    const stop = (why: Error): void => {
      reason ??= why;
      killGroup(child.pid);
    };
    const onAbort = (): void => stop(signal.reason as Error);
    const tooLate = `The firmware's packages were not installed within ${withinMs} ms. ${help}`;
    const limit = setTimeout(() => stop(new RestError('timeout', tooLate)), withinMs);
    signal.addEventListener('abort', onAbort, { once: true });
    const settle = (failure: Error | undefined): void => {
      clearTimeout(limit);
      endWatch();
      signal.removeEventListener('abort', onAbort);
      if (failure) reject(failure);
      else resolve();
    };
    child.once('error', (cause) => settle(notStarted(cause)));
    // Only now nothing is written any more.
    child.once('close', (code) => settle(reason ?? (code === 0 ? undefined : failureOf(output))));
  });

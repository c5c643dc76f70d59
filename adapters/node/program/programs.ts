import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { FirmwareError, RestError } from '../../../services/errors.ts';
import type { FirmwarePrograms } from '../../../services/firmware.ts';
import { readLink, type LinkPolicy, type ProgramLink } from '../../shared/archive/program-url.ts';
import { releaseName } from '../../shared/archive/release.ts';
import { statusAdvice } from '../../shared/rest/advice.ts';
import { readBody } from '../../shared/rest/body.ts';
import { createDeadline } from '../../shared/rest/deadline.ts';
import { retryAfterOf } from '../../shared/rest/retry-after.ts';
import { SerialQueue } from '../../shared/serialize.ts';
import { makeFolder, privateFolder, syncFolder } from '../fs/durable-file.ts';
import { ioError } from '../fs/errors.ts';
import { digestOf } from '../fs/file-tree.ts';
import { foldersAbove, inside } from '../fs/file-tree.ts';
import { FirmwareLayout } from '../firmware/layout.ts';
import { partialFile } from './partial-file.ts';
import { downloadProgram } from './download.ts';

import { requestProgram, nameOf } from './request.ts';
import type { FolderTrust } from '../signing/trust.ts';
import { checkProgramHead, runSelfTest, type SelfTest } from './self-test.ts';

/** Options of a unit's programs. */
export interface FolderProgramsOptions {
  /** The unit's folder, with its env.json. */
  readonly folder: string;
  /** Path of the executable, relative to the unit's folder, with `/` as separator; `undefined` if there is none. */
  readonly program: string | undefined;
  readonly policy: LinkPolicy;
  readonly trust: FolderTrust;
  readonly selfTest?: SelfTest;
  /** Size limit of a program, bytes. */
  readonly maxBytes: number;
  /** Time limit of a connection, and of each pause. @defaultValue 30_000 */
  readonly timeoutMs?: number;
  /** @defaultValue the host's own */
  readonly fetch?: typeof fetch;
}

const executable = 0o700;
const documents = new Set(['env.json', 'schema.json']);
const maxReleaseBytes = 64 * 1024;
/** Suffix that turns a program's link into its release's. */
const releaseSuffix = '.release.json';

type Fetching = FolderProgramsOptions & { readonly timeoutMs: number };

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Fetches the release beside a program. @returns Its text; empty if there is none. */
const fetchRelease = async (fetching: Fetching, program: URL, signal: AbortSignal): Promise<string> => {
  const url = new URL(program);
  url.pathname += releaseSuffix;
  const what = nameOf(url);
  const limit = createDeadline(what, fetching.timeoutMs, signal);
  try {
    const response = await requestProgram(fetching, url, {}, limit);
    const body = await readBody(response, what, maxReleaseBytes, limit);
    if (response.status === 404) return '';
    if (response.status === 200) return new TextDecoder().decode(body);
    throw new RestError(
      'status',
      `${what}: status ${response.status}. ${statusAdvice(response.status, "Check the firmware's link.")}`,
      {
        status: response.status,
        retryAfterMs: retryAfterOf(response),
      },
    );
  } finally {
    limit.end();
  }
};

const checkDigest = async (path: string, wanted: readonly (string | undefined)[]): Promise<void> => {
  if (wanted.every((digest) => digest === undefined)) return;
  const digest = await digestOf(path);
  if (wanted.every((other) => other === undefined || other === digest)) return;
  throw new FirmwareError(
    'digest',
    'The program is not the one that was announced: its SHA-256 differs. Check the link and what it leads to.',
  );
};

/** Removes all other files from a folder. */
const keepOnly = async (folder: string, kept: ReadonlySet<string>): Promise<void> => {
  for (const name of await readdir(folder)) {
    if (!kept.has(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
};

/** Moves a program beside a staged version's documents by a rename, and syncs it. */
const place = async (from: string, staging: string, program: string, release: string): Promise<string> => {
  const path = inside(staging, program);
  await chmod(from, executable);
  await keepOnly(staging, documents);
  await mkdir(dirname(path), { recursive: true, mode: privateFolder });
  await rename(from, path);
  if (release !== '') await writeFile(join(staging, releaseName), release, { mode: 0o600, flush: true });
  for (const folder of ['', ...foldersAbove(program)]) await syncFolder(inside(staging, folder));
  return path;
};

const fetchProgram = async (
  fetching: Fetching,
  id: string,
  { url, sha256 }: ProgramLink,
  signal: AbortSignal,
): Promise<{ bytes: number }> => {
  const { folder, program, trust, selfTest, timeoutMs, maxBytes } = fetching;
  if (program === undefined) {
    throw new FirmwareError('unsupported', 'Nothing says which file the program is. Set update.program.');
  }
  const layout = new FirmwareLayout(folder);
  const downloads = join(layout.own, 'downloads');
  await makeFolder(downloads);
  const release = trust.isStrict ? await fetchRelease(fetching, url, signal) : '';
  const signed = trust.isStrict ? await trust.checkProgram(parseJson(release)) : undefined;
  const part = partialFile(downloads, url.href);
  await keepOnly(downloads, new Set([basename(part.path), basename(part.path).replace(/part$/, 'json')]));
  const bytes = await downloadProgram(fetching, url, { part, folder }, { timeoutMs, maxBytes }, signal);
  try {
    await checkDigest(part.path, [sha256, signed]);
    await checkProgramHead(part.path);
  } catch (cause) {
    await part.remove();
    throw cause;
  }
  const staging = layout.staging(id);
  const placed = await place(part.path, staging, program, release);
  await part.remove();
  if (selfTest) {
    await runSelfTest(placed, staging, selfTest, signal);
    await keepOnly(staging, new Set([...documents, releaseName, program.split('/', 1)[0] ?? program]));
  }
  return { bytes };
};

/** Fetches programs into a unit's folder, one at a time. */
export const folderPrograms = (options: FolderProgramsOptions): FirmwarePrograms => {
  const fetching = { timeoutMs: 30_000, ...options };
  const turns = new SerialQueue();
  return {
    fetch: (id, link, signal) =>
      turns
        .run(async () => {
          signal.throwIfAborted();
          return fetchProgram(fetching, id, readLink(link, fetching.policy), signal);
        })
        .catch((cause: unknown) => {
          throw ioError('The program could not be staged', cause);
        }),
  };
};

import { stat, statfs } from 'node:fs/promises';
import { FirmwareError, RestError } from '../../../services/errors.ts';
import { statusAdvice } from '../../shared/rest/advice.ts';
import { bodyChunks, dropBody } from '../../shared/rest/body.ts';
import { createDeadline, type Deadline } from '../../shared/rest/deadline.ts';
import { retryAfterOf } from '../../shared/rest/retry-after.ts';
import type { PartialFile, Progress } from './partial-file.ts';
import { requestProgram, nameOf, type ProgramRequest } from './request.ts';

/** Limits of a download. */
export interface DownloadLimits {
  /** Time limit of the headers, then of each pause. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** The part that a server's answer carries: its start, and the whole file that it belongs to. */
interface PartInfo {
  readonly from: number;
  readonly total?: number;
  readonly validator?: string;
}

/** Maximum number of requests of one download, each of which must bring some bytes. */
const maxRequests = 10;

const malformed = (what: string, why: string) =>
  new RestError('malformed', `${what}: the answer ${why}. Check the firmware's link.`);

/** A strong ETag, or a date old enough to be as good (RFC 9110, sections 8.8.2.2 and 8.8.3). */
const validatorOf = ({ headers }: Response): string | undefined => {
  const etag = headers.get('etag');
  if (etag?.startsWith('"')) return etag;
  const modified = headers.get('last-modified');
  const age = Date.parse(headers.get('date') ?? '') - Date.parse(modified ?? '');
  return modified !== null && age >= 1000 ? modified : undefined;
};

/** Reads the range of a 206 (RFC 9110, section 14.4). @returns `undefined` if it does not continue the part on disk. */
const partOf = ({ headers }: Response, had: Progress): PartInfo | undefined => {
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const etag = headers.get('etag');
  const isOther = etag !== null && had.validator.startsWith('"') && etag !== had.validator;
  if (isOther || Number(range?.[1] ?? Number.NaN) !== had.bytes) return undefined;
  const total = Number(range?.[2]);
  return { from: had.bytes, validator: had.validator, ...(Number.isSafeInteger(total) && { total }) };
};

const wholeOf = (response: Response): PartInfo => {
  const length = response.headers.get('content-length');
  const validator = validatorOf(response);
  return { from: 0, ...(length !== null && { total: Number(length) }), ...(validator !== undefined && { validator }) };
};

/** Reads an answer's headers. @returns `undefined` if the part on disk is of no use. */
const partInfoOf = (response: Response, had: Progress | undefined, what: string): PartInfo | undefined => {
  const { status, headers } = response;
  if (status === 416 && had) return undefined;
  if (status !== 200 && !(status === 206 && had)) {
    const retryAfterMs = retryAfterOf(response);
    const message = `${what}: status ${status}. ${statusAdvice(status, "Check the firmware's link.")}`;
    throw new RestError('status', message, { status, retryAfterMs });
  }
  if (headers.has('content-encoding')) throw malformed(what, 'is packed, which was not asked for');
  if (/^(?:text\/html|application\/json)/i.test(headers.get('content-type') ?? '')) {
    throw malformed(what, 'is no program');
  }
  return status === 206 && had ? partOf(response, had) : wholeOf(response);
};

const checkSize = async ({ total = 0, from }: PartInfo, folder: string, maxBytes: number): Promise<void> => {
  if (total > maxBytes) throw programTooLarge(maxBytes);
  const { bavail, bsize } = await statfs(folder);
  if (total - from <= bavail * bsize) return;
  throw new FirmwareError(
    'space',
    `The program has ${total} bytes, more than there is room for. Free space and update again.`,
  );
};

const programTooLarge = (maxBytes: number) =>
  new FirmwareError('tooLarge', `The program is larger than ${maxBytes} bytes. Build a smaller one.`);

async function* bounded(
  response: Response,
  from: number,
  maxBytes: number,
  limit: Deadline,
): AsyncGenerator<Uint8Array> {
  let bytes = from;
  limit.restart();
  for await (const chunk of bodyChunks(response, 'The program', limit)) {
    limit.pause();
    bytes += chunk.length;
    if (bytes > maxBytes) throw programTooLarge(maxBytes);
    yield chunk;
    limit.restart();
  }
}

/** Destination of a download. */
export interface DownloadPlace {
  readonly part: PartialFile;
  readonly folder: string;
}

/** Saves the body of a response. @returns Whether it was of use. */
const receive = async (
  response: Response,
  had: Progress | undefined,
  { part, folder }: DownloadPlace,
  maxBytes: number,
  what: string,
  limit: Deadline,
): Promise<boolean> => {
  try {
    const info = partInfoOf(response, had, what);
    if (!info) return false;
    await checkSize(info, folder, maxBytes);
    const bytes = await part.write(info.from, bounded(response, info.from, maxBytes, limit), info);
    if (info.total !== undefined && bytes !== info.total) throw malformed(what, 'was cut short');
    return true;
  } finally {
    await dropBody(response);
  }
};

/** Requests the missing part; requests the whole file if the part on disk is of no use. */
const downloadOnce = async (
  request: ProgramRequest,
  url: URL,
  place: DownloadPlace,
  { timeoutMs, maxBytes }: DownloadLimits,
  signal: AbortSignal,
): Promise<void> => {
  const what = nameOf(url);
  const had = await place.part.progress();
  if (had && had.bytes === had.total) return;
  const limit = createDeadline(what, timeoutMs, signal);
  try {
    const headers = had ? { range: `bytes=${had.bytes}-`, 'if-range': had.validator } : {};
    const response = await requestProgram(request, url, headers, limit);
    limit.pause();
    if (await receive(response, had, place, maxBytes, what, limit)) return;
  } finally {
    limit.end();
  }
  await place.part.remove();
  await downloadOnce(request, url, place, { timeoutMs, maxBytes }, signal);
};

/**
 * Downloads a program and resumes an earlier download. After a broken connection it requests the rest, as long as each
 * request brings some bytes.
 *
 * @returns The size of the program in bytes.
 * @throws {FirmwareError} `link`, `tooLarge`, `space`
 * @throws {RestError}
 */
export const downloadProgram = async (
  request: ProgramRequest,
  url: URL,
  place: DownloadPlace,
  limits: DownloadLimits,
  signal: AbortSignal,
): Promise<number> => {
  const bytes = async (): Promise<number> => (await place.part.progress())?.bytes ?? 0;
  for (let requests = 1; ; requests += 1) {
    const before = await bytes();
    try {
      await downloadOnce(request, url, place, limits, signal);
      return (await stat(place.part.path)).size;
    } catch (cause) {
      const canGoOn = cause instanceof RestError && !signal.aborted && requests < maxRequests;
      if (!canGoOn || (await bytes()) <= before) throw cause;
    }
  }
};

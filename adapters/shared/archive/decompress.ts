import { FirmwareError } from '../../../services/errors.ts';

/** Formats of a compressed stream (RFC 1950, 1952, 1951). */
export type PackedFormat = 'deflate' | 'gzip' | 'deflate-raw';

/**
 * Decompresses a stream.
 *
 * @throws {FirmwareError} `malformed` if it is cut short, damaged, or followed by other data.
 */
export type Decompress = (format: PackedFormat, source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** Bytes up to and including the magic of a tar header. */
const sniffBytes = 262;
const tarMark = [0x75, 0x73, 0x74, 0x61, 0x72];
const tarMarkAt = 257;
/** Size of input pieces: small, so that the output of each stays small too. */
const pieceBytes = 16_384;

const formatOf = (head: Uint8Array): PackedFormat | 'tar' => {
  const [first = 0, second = 0] = head;
  if (tarMark.every((byte, at) => head[tarMarkAt + at] === byte)) return 'tar';
  if (first === 0x1f && second === 0x8b) return 'gzip';
  // RFC 1950 section 2.2: method 8 with a window up to 32 KiB, and a header that is a multiple of 31.
  if ((first & 0x0f) === 8 && first >> 4 <= 7 && (first * 256 + second) % 31 === 0) return 'deflate';
  return 'deflate-raw';
};

const joined = (chunks: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(chunks.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
};

async function* withHead(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield head;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

/** The error of a damaged stream. */
export const notAnArchive = (cause: unknown) =>
  new FirmwareError('malformed', 'The archive can not be unpacked: it is cut short or damaged. Download it again.', {
    cause,
  });

/** Holder of a source's own failure, to tell it from its reader's. */
export interface SourceFailure {
  cause?: unknown;
}

/** Passes a source through and records its failure. */
export async function* noting(source: AsyncIterable<Uint8Array>, failure: SourceFailure): AsyncGenerator<Uint8Array> {
  try {
    yield* source;
  } catch (cause) {
    failure.cause = cause;
    throw cause;
  }
}

/** Never rejects: the reader at the other end gets every failure. */
const feed = async (source: AsyncIterable<Uint8Array>, writable: WritableStream<BufferSource>): Promise<void> => {
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  try {
    for await (const chunk of source) {
      for (let at = 0; at < chunk.length; at += pieceBytes) await writer.write(chunk.slice(at, at + pieceBytes));
    }
    await writer.close();
  } catch (cause) {
    await writer.abort(cause).catch(() => undefined);
  }
};

/** Decompresses with the platform's streams, as a {@link Decompress}. */
export async function* decompressed(
  format: PackedFormat,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new DecompressionStream(format);
  const failure: SourceFailure = {};
  const fed = feed(noting(source, failure), writable);
  const reader = readable.getReader();
  try {
    for (let read = await reader.read(); read.value !== undefined; read = await reader.read()) yield read.value;
  } catch (cause) {
    await fed;
    throw failure.cause ?? notAnArchive(cause);
  } finally {
    await reader.cancel().catch(() => undefined);
    await fed;
  }
}

/**
 * Decompresses zlib, gzip or raw deflate; passes a plain tar through.
 *
 * @throws {FirmwareError} `malformed`; errors of the source pass through.
 */
export async function* inflate(source: AsyncIterable<Uint8Array>, decompress: Decompress): AsyncGenerator<Uint8Array> {
  const rest = source[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  while (size < sniffBytes) {
    const next = await rest.next();
    if (next.done) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  const head = joined(chunks);
  if (head.length === 0) throw new FirmwareError('malformed', 'The archive is empty. Download it again.');
  const whole = withHead(head, rest);
  const format = formatOf(head);
  yield* format === 'tar' ? whole : decompress(format, whole);
}

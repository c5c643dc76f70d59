import { StorageError } from '../../../services/errors.ts';
import { maxDocumentBytes } from './json-text.ts';

const lineFeed = 10;
const carriageReturn = 13;

/** Concatenates bytes. */
export const joinBytes = (pieces: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
};

const withoutReturn = (line: Uint8Array): Uint8Array => (line.at(-1) === carriageReturn ? line.subarray(0, -1) : line);

/**
 * Splits bytes into lines ended by LF or CRLF, without line ends and empty lines.
 *
 * @param path Name of the document in errors.
 * @throws {StorageError} `tooLarge` for one line above `maxLineBytes`.
 */
export async function* splitLines(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes = maxDocumentBytes,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let length = 0;
  const keep = (piece: Uint8Array): void => {
    pieces.push(piece);
    length += piece.length;
    if (length > maxLineBytes) {
      throw new StorageError('tooLarge', `${path} has a line of more than ${maxLineBytes} bytes. Split or remove it.`);
    }
  };
  const take = (): Uint8Array => {
    const line = withoutReturn(joinBytes(pieces));
    pieces = [];
    length = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, from)) {
      keep(chunk.subarray(from, end));
      from = end + 1;
      const line = take();
      if (line.length > 0) yield line;
    }
    if (from < chunk.length) keep(chunk.slice(from));
  }
  const last = take();
  if (last.length > 0) yield last;
}

/** @throws {StorageError} `unsupported` for a line that holds a line end. */
export const checkLines = (path: string, lines: readonly string[]): void => {
  for (const line of lines) {
    if (!/[\r\n]/.test(line)) continue;
    throw new StorageError('unsupported', `A line for ${path} holds a line end. Escape it, or write it as two lines.`);
  }
};

/**
 * Writes lines as one text, each ended by LF.
 *
 * @throws {StorageError} `unsupported` for a line that contains a line end.
 */
export const linesText = (path: string, lines: readonly string[]): string => {
  checkLines(path, lines);
  return lines.map((line) => `${line}\n`).join('');
};

/**
 * Runs a writer over a source; throws the source's own error, not the writer's, if the source fails.
 *
 * @param write Gets the source's chunks.
 */
export const writeFrom = async <T>(
  source: AsyncIterable<Uint8Array>,
  write: (chunks: AsyncIterable<Uint8Array>) => Promise<T>,
): Promise<T> => {
  let sourceFailure: { readonly thrown: unknown } | undefined;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* source;
    } catch (thrown) {
      sourceFailure = { thrown };
      throw thrown;
    }
  }
  try {
    return await write(watched());
  } catch (thrown) {
    throw sourceFailure ? sourceFailure.thrown : thrown;
  }
};

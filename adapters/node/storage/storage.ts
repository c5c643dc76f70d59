import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { JsonValue } from '../../../services/json.ts';
import type { Storage } from '../../../services/storage.ts';
import { jsonText } from '../../shared/storage/json-text.ts';
import { createKeyedQueue } from '../../shared/serialize.ts';
import { checkLines, linesText, splitLines, writeFrom } from '../../shared/storage/lines.ts';
import { checkSize } from '../../shared/storage/document-storage.ts';
import { removeFiles, replaceFile } from '../fs/durable-file.ts';
import { hostFs, type Content, type DurableFs } from '../fs/file-system.ts';
import { ignoreMissing, isMissing, storageError } from '../fs/errors.ts';
import { readDocument, refuseSpecial } from '../fs/read-json.ts';
import { sweepOnce } from '../fs/temporary-files.ts';
import { hostLineFs, LineFiles, type LineFs } from './line-file.ts';

/** Options of the file storage. */
export interface FileStorageOptions {
  /** @defaultValue the host's file system */
  readonly fs?: DurableFs;
  /** @defaultValue the host's file system */
  readonly lineFs?: LineFs;
}

const inTurn = createKeyedQueue();

const guarded = async <T>(path: string, action: string, task: () => Promise<T>): Promise<T> => {
  try {
    return await task();
  } catch (thrown) {
    throw storageError(path, action, thrown);
  }
};

const isDocument = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isFile();
  } catch (thrown) {
    if (isMissing(thrown)) return false;
    throw thrown;
  }
};

/** Refuses special files. @returns Whether there is a file. */
const checkKind = async (path: string): Promise<boolean> => {
  const found = await stat(path).catch(ignoreMissing);
  if (found) refuseSpecial(path, found);
  return found !== undefined;
};

/** Removes temporary files of earlier runs, and refuses special files. @returns Whether there is a file. */
const prepare = async (path: string): Promise<boolean> => {
  await sweepOnce(dirname(path));
  return checkKind(path);
};

async function* linesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    if (await prepare(path)) yield* splitLines(path, createReadStream(path));
  } catch (thrown) {
    if (!isMissing(thrown)) throw storageError(path, 'read', thrown);
  }
}

/**
 * Keeps each document in the file at its path, relative to the working directory.
 *
 * New files are for this user alone (0600), and so are created folders (0700), whatever the umask; what is replaced keeps
 * its owner and permissions. JSON is indented by two
 * spaces and limited to 16 MiB; text is streamed. A symbolic link at the path is replaced by a file.
 */
export class FileStorage implements Storage {
  readonly #fs: DurableFs;
  readonly #logs: LineFiles;

  constructor({ fs = hostFs, lineFs = hostLineFs }: FileStorageOptions = {}) {
    this.#fs = fs;
    this.#logs = new LineFiles({ fs, lineFs, prepare });
  }

  readJson(path: string): Promise<JsonValue | undefined> {
    return guarded(path, 'read', async () => {
      await sweepOnce(dirname(path));
      return readDocument(path);
    });
  }

  async writeJson(path: string, value: JsonValue): Promise<void> {
    const text = `${jsonText(value, '  ')}\n`;
    checkSize(path, Buffer.byteLength(text));
    await this.#write(path, text);
  }

  readLines(path: string): AsyncIterable<Uint8Array> {
    return linesOf(path);
  }

  async writeLines(path: string, lines: readonly string[]): Promise<void> {
    await this.#write(path, linesText(path, lines));
  }

  async appendLines(path: string, lines: readonly string[], maxLines: number): Promise<void> {
    checkLines(path, lines);
    const file = resolve(path);
    await guarded(path, 'written', () => inTurn(file, () => this.#logs.append(file, lines, maxLines)));
  }

  writeBytes(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    return writeFrom(chunks, (watched) => this.#write(path, watched));
  }

  exists(path: string): Promise<boolean> {
    return guarded(path, 'looked at', () => isDocument(path));
  }

  remove(path: string): Promise<void> {
    return inTurn(resolve(path), () =>
      guarded(path, 'removed', async () => {
        await checkKind(path);
        await removeFiles(dirname(path), [path], this.#fs);
      }),
    );
  }

  #write(path: string, content: Content): Promise<void> {
    return inTurn(resolve(path), () =>
      guarded(path, 'written', async () => {
        await prepare(path);
        await replaceFile(path, content, { fs: this.#fs });
      }),
    );
  }
}

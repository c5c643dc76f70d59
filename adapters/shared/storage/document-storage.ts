import { StorageError } from '../../../services/errors.ts';
import type { Storage } from '../../../services/storage.ts';
import { jsonText, maxDocumentBytes, parseJsonText } from './json-text.ts';
import { createKeyedQueue } from '../serialize.ts';
import { joinBytes, linesText, splitLines, writeFrom } from './lines.ts';

/** A stored document: text or bytes, as written. */
export type StoredDocument = string | Uint8Array;

/** Storage of whole documents; calls on one path take effect in order. */
export interface DocumentStore {
  get(path: string): Promise<StoredDocument | undefined>;
  set(path: string, document: StoredDocument): Promise<void>;
  del(path: string): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const wrapped = async <T>(path: string, action: string, task: () => Promise<T>): Promise<T> => {
  try {
    return await task();
  } catch (cause) {
    if (cause instanceof StorageError) throw cause;
    throw new StorageError('io', `${path} can't be ${action}. Check that the host lets the program store data.`, {
      cause,
    });
  }
};

/** Checks the size limit. @throws {StorageError} `tooLarge` */
export const checkSize = (path: string, bytes: number): void => {
  if (bytes <= maxDocumentBytes) return;
  throw new StorageError('tooLarge', `${path} has more than ${maxDocumentBytes} bytes. Keep less in it.`);
};

const gathered = async (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const pieces: Uint8Array[] = [];
  for await (const chunk of chunks) pieces.push(chunk);
  return joinBytes(pieces);
};

const linesOf = (document: StoredDocument = ''): string[] =>
  (typeof document === 'string' ? document : decoder.decode(document)).split(/\r?\n/).filter((line) => line !== '');

/** The newest lines of a document and of the added ones, as one text. */
const newestLines = (document: StoredDocument | undefined, added: string, maxLines: number): string =>
  [...linesOf(document), ...linesOf(added)]
    .slice(maxLines > 0 ? -maxLines : Infinity)
    .map((line) => `${line}\n`)
    .join('');

/** Creates the storage port over a store of whole documents. */
export const documentStorage = (store: DocumentStore): Storage => {
  const inTurn = createKeyedQueue();
  const read = (path: string) => wrapped(path, 'read', () => store.get(path));
  const write = (path: string, document: () => StoredDocument | Promise<StoredDocument>) =>
    inTurn(path, () => wrapped(path, 'written', async () => store.set(path, await document())));
  return {
    readJson: async (path) => {
      const document = await read(path);
      if (document === undefined) return undefined;
      checkSize(path, document.length);
      return parseJsonText(path, document);
    },
    writeJson: async (path, value) => {
      const text = jsonText(value, '  ');
      checkSize(path, text.length);
      await write(path, () => text);
    },
    async *readLines(path) {
      const document = await read(path);
      if (document === undefined) return;
      yield* splitLines(path, once(typeof document === 'string' ? encoder.encode(document) : document));
    },
    writeLines: async (path, lines) => {
      const text = linesText(path, lines);
      await write(path, () => text);
    },
    appendLines: async (path, lines, maxLines) => {
      const text = linesText(path, lines);
      await write(path, async () => newestLines(await store.get(path), text, maxLines));
    },
    writeBytes: (path, chunks) => writeFrom(chunks, (watched) => write(path, () => gathered(watched))),
    exists: async (path) => (await read(path)) !== undefined,
    remove: (path) => inTurn(path, () => wrapped(path, 'removed', () => store.del(path))),
  };
};

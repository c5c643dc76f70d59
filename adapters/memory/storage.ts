import type { JsonValue } from '../../services/json.ts';
import type { Storage } from '../../services/storage.ts';
import { jsonText } from '../shared/storage/json-text.ts';
import { documentStorage, type StoredDocument } from '../shared/storage/document-storage.ts';
import { createFailures } from './failures.ts';

/** A storage that a test looks into and makes fail. */
export interface MemoryStorage extends Storage {
  /** Each document by its path, a text unless it was written as bytes; change it as if another program did. */
  readonly documents: Map<string, StoredDocument>;
  /** A document as text; `undefined` when there is none. */
  text(path: string): string | undefined;
  /** The path of each write that was done, oldest first. */
  readonly writes: readonly string[];
  /** The next read, write or removal fails with this error; nothing is changed by it. */
  failNext(operation: 'read' | 'write' | 'remove', error: Error): void;
}

/**
 * Keeps documents in memory.
 *
 * @param documents What is there from the start: a text as it is, anything else as JSON.
 * @example
 * import { memoryStorage } from 'pepeunit-client/testing';
 *
 * const storage = memoryStorage({ 'curve.json': { celsius: [20, 60] } });
 * const curve = await storage.readJson('curve.json');
 */
export const memoryStorage = (documents: Readonly<Record<string, JsonValue>> = {}): MemoryStorage => {
  const kept = new Map<string, StoredDocument>(
    Object.entries(documents).map(([path, value]) => [path, typeof value === 'string' ? value : jsonText(value, '  ')]),
  );
  const writes: string[] = [];
  const failing = createFailures<'read' | 'write' | 'remove'>();
  const storage = documentStorage({
    get: async (path) => {
      failing.check('read');
      return kept.get(path);
    },
    set: async (path, document) => {
      failing.check('write');
      kept.set(path, document);
      writes.push(path);
    },
    del: async (path) => {
      failing.check('remove');
      kept.delete(path);
    },
  });
  const text = (path: string): string | undefined => {
    const document = kept.get(path);
    return document instanceof Uint8Array ? new TextDecoder().decode(document) : document;
  };
  return { ...storage, documents: kept, text, writes, failNext: failing.add };
};

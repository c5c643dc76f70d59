import type { JsonValue } from '../../services/json.ts';
import type { Storage } from '../../services/storage.ts';
import { jsonText } from '../shared/storage/json-text.ts';
import { documentStorage, type StoredDocument } from '../shared/storage/document-storage.ts';
import { createFailures } from './failures.ts';

/** A storage that a test can inspect and make fail. */
export interface MemoryStorage extends Storage {
  /** Documents by path, as text unless written as bytes; a change here acts like another program's write. */
  readonly documents: Map<string, StoredDocument>;
  /** A document as text; `undefined` if there is none. */
  text(path: string): string | undefined;
  /** Paths of all writes, oldest first. */
  readonly writes: readonly string[];
  /** Fails the next read, write or removal with this error and changes nothing. */
  failNext(operation: 'read' | 'write' | 'remove', error: Error): void;
}

/**
 * Keeps documents in memory.
 *
 * @param documents Initial documents: texts as they are, anything else as JSON.
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

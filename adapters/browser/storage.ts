import { createStore, del, get, set, type UseStore } from 'idb-keyval';
import type { Storage } from '../../services/storage.ts';
import { documentStorage, type StoredDocument } from '../shared/storage/document-storage.ts';

/** Options of the browser storage. */
export interface BrowserStorageOptions {
  /** @defaultValue the object store `documents` of the database `pepeunit` */
  readonly store?: UseStore;
}

/**
 * Keeps each document in IndexedDB under its path as the key.
 *
 * A write is one transaction; the browser decides when it reaches the disk.
 */
export const browserStorage = ({ store = createStore('pepeunit', 'documents') }: BrowserStorageOptions = {}): Storage =>
  documentStorage({
    get: (path) => get<StoredDocument>(path, store),
    set: (path, document) => set(path, document, store),
    del: (path) => del(path, store),
  });

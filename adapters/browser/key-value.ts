/**
 * Key-value store in IndexedDB: re-exports idb-keyval.
 *
 * @packageDocumentation
 */
export {
  clear,
  createStore,
  del,
  delMany,
  entries,
  get,
  getMany,
  keys,
  set,
  setMany,
  update,
  values,
} from 'idb-keyval';

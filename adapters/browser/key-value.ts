/**
 * Key and value in IndexedDB: idb-keyval as it is.
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

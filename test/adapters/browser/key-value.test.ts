import { IDBFactory } from 'fake-indexeddb';
import { vi } from 'vitest';
import * as keyValue from '../../../adapters/browser/key-value.ts';
import { keyValueContract } from '../../contracts/key-value.ts';

vi.stubGlobal('indexedDB', new IDBFactory());

let stores = 0;

keyValueContract('idb-keyval', keyValue, async () => keyValue.createStore(`contract-${(stores += 1)}`, 'store'));

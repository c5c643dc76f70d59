import { memoryFirmwareStore } from '../../../adapters/memory/firmware-store.ts';
import { describe, expect, test } from 'vitest';
import { defaultArchiveLimits as limits } from '../../../services/firmware.ts';
import { firmwareStoreContract } from '../../contracts/firmware-store.ts';

describe('the contract', () => {
  firmwareStoreContract(async (old) => {
    const store = memoryFirmwareStore({ limits, live: old });
    const decoder = new TextDecoder();
    return {
      store,
      reopen: () => store,
      write: async (path, text) => void store.live.set(path, new TextEncoder().encode(text)),
      live: async () => Object.fromEntries([...store.live].map(([name, bytes]) => [name, decoder.decode(bytes)])),
      stagings: async () => store.staged.size,
      stop: async () => undefined,
    };
  });
});

test('an operation fails once, when told to', async () => {
  const store = memoryFirmwareStore({ limits });
  store.fail('discard', new Error('disk'));
  await expect(store.discard('a')).rejects.toThrow('disk');
  await store.discard('a');
  expect(store.swaps).toEqual([]);
  expect(store.journal).toEqual({ format: 1, phase: 'settled' });
});

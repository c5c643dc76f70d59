import { expect, test } from 'vitest';
import { memoryStorage } from '../../../adapters/memory/storage.ts';
import { storageContract } from '../../contracts/storage.ts';

storageContract('memory', async () => ({ storage: memoryStorage(), at: (name) => name }));

test('documents can be there from the start, as values and as texts', async () => {
  const storage = memoryStorage({ 'env.json': { a: 1 }, 'schema.json': '{"half":', 'log.json': 'one\ntwo\n' });
  expect(await storage.readJson('env.json')).toEqual({ a: 1 });
  await expect(storage.readJson('schema.json')).rejects.toMatchObject({ code: 'malformed' });
  expect(storage.text('log.json')).toBe('one\ntwo\n');
});

test('the next operation fails as told, once, and changes nothing', async () => {
  const storage = memoryStorage({ a: 1 });
  const full = new Error('disk full');
  storage.failNext('write', full);
  await expect(storage.writeJson('a', 2)).rejects.toMatchObject({ name: 'StorageError', code: 'io', cause: full });
  expect(await storage.readJson('a')).toBe(1);
  storage.failNext('read', full);
  await expect(storage.readJson('a')).rejects.toMatchObject({ code: 'io' });
  storage.failNext('remove', full);
  await expect(storage.remove('a')).rejects.toMatchObject({ code: 'io' });
  await storage.writeJson('a', 3);
  expect(storage.writes).toEqual(['a']);
  expect(storage.text('a')).toBe('3');
});

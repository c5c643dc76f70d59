import { expect, test } from 'vitest';
import { memoryOutbox } from '../../../adapters/memory/outbox.ts';
import { StorageError } from '../../../services/errors.ts';
import { outboxContract, stored } from '../../contracts/outbox.ts';

const decoder = new TextDecoder();

outboxContract('in memory', async () => {
  const outbox = memoryOutbox();
  return {
    outbox,
    again: () => outbox,
    dead: async () => outbox.dead.map(({ message }) => decoder.decode(message.payload)),
  };
});

test('fails as it is told to, and keeps nothing then', async () => {
  const outbox = memoryOutbox();
  outbox.failNext('open', new StorageError('io', 'in use'));
  await expect(outbox.open()).rejects.toThrow('in use');
  await outbox.open();
  const free = outbox.fill();
  await expect(outbox.append([stored(1, 'x')])).rejects.toMatchObject({ name: 'StorageError', code: 'io' });
  free();
  await outbox.append([stored(2, 'y')]);
  expect([...outbox.messages.keys()]).toEqual([2]);
  outbox.damage(3);
  expect((await outbox.open()).damaged).toBe(3);
});

import { expect, onTestFinished, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';
import { tarOf } from '../../support/tar.ts';

/** A unit that has put another version in place, which nothing has started yet. */
const placed = async () => {
  const told: string[] = [];
  const unit = createTestUnit({
    restartMode: 'no_restart',
    program: (client) => {
      client.on('updateFinished', ({ type }) => told.push(type));
      client.on('updateConfirmed', ({ type }) => told.push(type));
    },
  });
  onTestFinished(() => unit.stop());
  await unit.start();
  const { documents } = unit.world.http;
  documents.firmware = await tarOf(
    { name: 'env.json', text: JSON.stringify({ ...(documents.env as object), PU_COMMIT_VERSION: 'second' }) },
    { name: 'schema.json', text: JSON.stringify(documents.schema) },
    { name: 'main.js', text: 'second' },
  );
  await unit.command('update', { PU_COMMIT_VERSION: 'second' });
  await expect.poll(() => told).toEqual(['updateFinished']);
  return { ...unit, told, phase: () => unit.world.firmware.journal.phase };
};

test('a version in place waits for its first start, however often the program before it starts its unit', async () => {
  const unit = await placed();
  await unit.stop();
  await unit.start();
  await unit.advance(600_000);
  expect(unit.phase()).toBe('trial');
  expect(unit.told).not.toContain('updateConfirmed');
});

test('a version in place is tried by the program that starts next', async () => {
  const unit = await placed();
  await unit.restart();
  await unit.advance(600_000);
  expect(unit.phase()).toBe('settled');
  expect(unit.told).toContain('updateConfirmed');
});

import { expect, onTestFinished, test } from 'vitest';
import { createTestUnit } from '../../../app/testing.ts';
import { ProcessError } from '../../../services/errors.ts';
import { until } from '../../support/until.ts';

const running = async () => {
  const unit = createTestUnit();
  onTestFinished(() => unit.client.stopMainCycle());
  const { client } = unit;
  const ended = client.runMainCycle();
  await client.ready();
  const cycle = () => client.actor.getSnapshot().value.mainCycle;
  return { ...unit, cycle, ended };
};

test('a snapshot shows whether the output handler is called', async () => {
  const { client, cycle, ended } = await running();
  expect(cycle()).toEqual({ on: 'turning' });
  await client.stopMainCycle();
  await ended;
  expect(cycle()).toBe('off');
});

test('without a main cycle no handler is called', async () => {
  const { client, world } = createTestUnit();
  onTestFinished(() => client.stopMainCycle());
  let calls = 0;
  client.setOutputHandler(() => (calls += 1));
  await client.ready();
  world.clock.advance(1_000);
  expect(calls).toBe(0);
});

test('a handler that throws is told, and called again', async () => {
  const { client, cycle, world } = await running();
  let calls = 0;
  client.setOutputHandler(() => {
    calls += 1;
    throw new Error('the fan is stuck');
  });
  world.clock.advance(100);
  expect([calls > 1, cycle()]).toEqual([true, { on: 'turning' }]);
  expect(world.console.entries.map(({ text }) => text).join()).toContain('the fan is stuck');
});

test('the handler rests while the program restarts, and is called again where that fails', async () => {
  const { client, cycle, world } = await running();
  let calls = 0;
  client.setOutputHandler(() => (calls += 1));
  const fails: ((error: Error) => void)[] = [];
  world.process.restart = () => new Promise((_, reject) => fails.push(reject));
  const restarted = client.restartDevice();
  await until(() => client.actor.getSnapshot().matches({ mainCycle: { on: 'paused' } }));
  const before = calls;
  world.clock.advance(1_000);
  expect(calls).toBe(before);
  await until(() => fails.length === 1);
  fails[0]?.(new ProcessError('spawn', 'There is no memory.'));
  await expect(restarted).rejects.toThrow(ProcessError);
  world.clock.advance(100);
  expect([cycle(), calls > before]).toEqual([{ on: 'turning' }, true]);
});

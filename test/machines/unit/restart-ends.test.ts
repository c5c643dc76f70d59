import { describe, expect, test } from 'vitest';
import { stop, stopped, wish, noMemory, left, steps, leaving } from './leaving.ts';
import { connect, linked } from './under-test.ts';

describe('a stop', () => {
  test.each(['awaitingFiles', 'flushing', 'disconnecting', 'releasing'])('overtakes a restart in %s', async (state) => {
    const unit = await leaving(state);
    unit.sent(stop);
    expect([unit.program(), unit.lifecycle()]).toEqual(['running', { closing: 'flushing' }]);
    expect(unit.restart.handOver.runs).toEqual([]);
    expect(unit.emitted).not.toContainEqual(expect.objectContaining({ type: 'restartFailed' }));
    const told = unit.messages.filter(({ event }) => /^broker\.(un)?wanted$/.test(event.type));
    expect(told.at(-1)).toEqual(wish('broker.wanted'));
  });

  test('comes too late for one that is handed over', async () => {
    const unit = await leaving('handingOver');
    unit.sent(stop);
    expect([unit.program(), unit.lifecycle()]).toEqual([left('handingOver'), { closing: 'flushing' }]);
    await unit.restart.handOver.reject(noMemory);
    expect(unit.program()).toBe('running');
    expect(unit.messages.slice(-3)).not.toContainEqual(connect);
  });

  test('does not keep a program from a restart after it', async () => {
    const unit = linked();
    unit.sent(stop);
    expect((await leaving('disconnecting', unit)).program()).toEqual(left('disconnecting'));
    unit.sent({ type: 'logger.flushed' }, stopped);
    expect([unit.program(), unit.lifecycle()]).toEqual([left('releasing'), { closing: 'releasing' }]);
    await unit.release.resolve();
    await unit.restart.releaseOutbox.resolve();
    expect([unit.program(), unit.lifecycle()]).toEqual([left('handingOver'), 'stopped']);
  });

  test.each(['closing', 'stopped'])('leaves no link to close: %s', async (state) => {
    const unit = linked();
    unit.sent(stop, { type: 'logger.flushed' }, stopped);
    if (state === 'stopped') await unit.release.resolve();
    expect((await leaving('disconnecting', unit)).program()).toEqual(left('releasing'));
  });
});

describe('a restart that fails', () => {
  test('is told, and the unit takes up what it let go, with its link', async () => {
    const unit = await leaving('handingOver');
    const before = unit.messages.length;
    await unit.restart.handOver.reject(noMemory);
    expect(unit.messages.slice(before)).toEqual([connect, wish('broker.wanted')]);
    expect(unit.work).toEqual(['reopened']);
    expect(unit.emitted.at(-1)).toEqual({
      type: 'restartFailed',
      failure: expect.objectContaining({
        name: 'ProcessError',
        code: 'spawn',
        message: 'There is no memory.',
      }) as object,
    });
  });

  test('brings no link that the app does not want', async () => {
    const unit = linked();
    unit.sent({ type: 'mqtt.disconnect' });
    await leaving('handingOver', unit);
    const before = unit.messages.length;
    await unit.restart.handOver.reject(noMemory);
    expect(unit.messages.slice(before)).toEqual([wish('broker.unwanted')]);
  });

  test('is tried again when it is asked for again', async () => {
    const unit = await leaving('handingOver');
    await unit.restart.handOver.reject(noMemory);
    unit.sent({ type: 'unit.restart', mode: 'exit' });
    for (const [, end] of steps) await end(unit);
    expect(unit.restart.handOver.runs.map(({ input }) => input.mode)).toEqual(['restart_popen', 'exit']);
  });
});

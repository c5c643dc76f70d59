import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { batchMs, gatherMs, start } from './under-test.ts';

const lost = () => Object.assign(failing('closed'), { name: 'BrokerError' });

/** One that is online and has read so many entries for a sync. */
const startSending = async (stored: number) => {
  const unit = start();
  unit.actor.send({ type: 'broker.up' });
  unit.sync();
  await unit.read(stored);
  return { ...unit, begins: () => unit.sendBatch.runs.map(({ input }) => input.from) };
};

/** One whose sync has lost its link. */
const cutOff = async () => {
  const unit = await startSending(3);
  await unit.sendBatch.reject(lost());
  return unit;
};

describe('sync', () => {
  test('sends what is stored, batch by batch, and tells how much', async () => {
    const { acknowledge, begins, holds, parent, state, sendBatch, clock } = await startSending(12);
    expect(state().value).toEqual({ syncing: 'sending' });
    await sendBatch.resolve({ passed: 5, sent: 5 });
    expect(state().value).toEqual({ syncing: 'pausing' });
    expect(state().context.progress).toEqual({ stored: 12, passed: 5, sent: 5 });
    clock.increment(batchMs);
    await acknowledge(4);
    await acknowledge(3);
    expect(begins()).toEqual([0, 5, 9]);
    expect(parent.facts).toEqual([{ type: 'logger.synced', entries: 12, omitted: 0 }]);
    expect(state().value).toBe('idle');
    expect(holds).toEqual([false, true, false]);
    expect(state().context.progress).toBeUndefined();
  });

  test('tells how many entries can not be sent at all', async () => {
    const { acknowledge, begins, parent } = await startSending(6);
    await acknowledge(1, 4);
    await acknowledge(2);
    expect(begins()).toEqual([0, 4]);
    expect(parent.facts.at(-1)).toEqual({ type: 'logger.synced', entries: 3, omitted: 3 });
  });

  test('of an empty log is over at once', async () => {
    const { parent, sendBatch, state } = await startSending(0);
    expect(parent.facts.at(-1)).toEqual({ type: 'logger.synced', entries: 0, omitted: 0 });
    expect([sendBatch.runs.length, state().value]).toEqual([0, 'idle']);
  });

  test('asked for while offline, waits for the broker; from the asking on, what goes out itself is none of it (L8)', () => {
    const { actor, clock, marks, readStored, state, sync } = start();
    sync();
    expect(state().value).toBe('awaitingBroker');
    expect(marks).toHaveLength(1);
    expect(readStored.runs).toHaveLength(0);
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    expect(state().value).toEqual({ syncing: 'reading' });
    expect(marks).toHaveLength(1);
  });

  test('asked for several times together, runs once (L8)', async () => {
    const { acknowledge, actor, clock, marks, read, readStored, state } = start();
    actor.send({ type: 'broker.up' });
    for (let time = 0; time < 4; time += 1) {
      actor.send({ type: 'logger.sync' });
      clock.increment(gatherMs / 4 - 1);
    }
    clock.increment(gatherMs);
    await read(1);
    await acknowledge(1);
    expect(readStored.runs).toHaveLength(1);
    expect(marks).toHaveLength(4);
    expect(state().value).toBe('idle');
  });

  test('asked for while one runs, begins anew in its place, and no more often than it gathers (L3, L8)', async () => {
    const { acknowledge, actor, begins, clock, marks, parent, read, readStored, state } = await startSending(9);
    await acknowledge(3);
    for (let time = 0; time < 4; time += 1) actor.send({ type: 'logger.sync' });
    expect(state().value).toBe('gathering');
    clock.increment(gatherMs);
    expect(readStored.runs).toHaveLength(2);
    await read(10);
    await acknowledge(10);
    expect(begins()).toEqual([0, 3, 0]);
    expect(parent.facts.filter(({ type }) => type === 'logger.synced')).toEqual([
      { type: 'logger.synced', entries: 10, omitted: 0 },
    ]);
    expect(marks).toHaveLength(5);
    expect(state().value).toBe('idle');
  });

  test('asked for while the entries are read, reads them anew (L8)', async () => {
    const { actor, clock, readStored, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    actor.send({ type: 'logger.sync' });
    clock.increment(gatherMs);
    expect(readStored.runs.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  test('losing the broker before it begins, waits for it; a flush comes first', async () => {
    const { actor, clock, flush, readStored, state } = start();
    actor.send({ type: 'broker.up' });
    actor.send({ type: 'logger.sync' });
    actor.send({ type: 'broker.down' });
    expect(state().value).toBe('awaitingBroker');
    actor.send({ type: 'broker.up' });
    expect(state().value).toBe('gathering');
    actor.send({ type: 'logger.flush' });
    await flush.resolve();
    expect(state().value).toBe('gathering');
    clock.increment(gatherMs);
    expect(readStored.runs).toHaveLength(1);
  });

  test('cut off by the broker, goes on behind what it has acknowledged when it is back (L3)', async () => {
    const { acknowledge, actor, begins, clock, holds, parent, readStored, sendBatch, state, sync } =
      await startSending(9);
    await acknowledge(4);
    actor.send({ type: 'broker.down' });
    expect(sendBatch.last().signal.aborted).toBe(true);
    expect([state().value, holds.at(-1)]).toEqual(['awaitingBroker', false]);
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    expect([state().value, holds.at(-1)]).toEqual([{ syncing: 'sending' }, true]);
    await acknowledge(5);
    expect(begins()).toEqual([0, 4, 4]);
    expect(parent.facts.at(-1)).toEqual({ type: 'logger.synced', entries: 9, omitted: 0 });
    sync();
    expect(readStored.runs).toHaveLength(2);
  });

  test('cut off while the entries are read, reads them anew (L3)', () => {
    const { actor, clock, readStored, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    actor.send({ type: 'broker.down' });
    expect(readStored.last().signal.aborted).toBe(true);
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    expect(state().value).toEqual({ syncing: 'reading' });
  });

  test('asked for again before it can go on, starts anew (L3)', async () => {
    const { acknowledge, actor, clock, state } = await startSending(9);
    await acknowledge(4);
    actor.send({ type: 'broker.down' });
    actor.send({ type: 'logger.sync' });
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    expect(state().value).toEqual({ syncing: 'reading' });
  });

  test('told by its own failure that the link is lost, goes on after a growing wait, or with the broker (L3)', async () => {
    const { acknowledge, actor, begins, clock, parent, sendBatch, state } = await startSending(7);
    await sendBatch.reject(lost());
    expect(state().value).toBe('interrupted');
    clock.increment(1000);
    clock.increment(gatherMs);
    expect(state().value).toEqual({ syncing: 'sending' });
    await sendBatch.reject(lost());
    clock.increment(1000);
    expect(state().value).toBe('interrupted');
    actor.send({ type: 'broker.down' });
    expect(state().value).toBe('awaitingBroker');
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    await acknowledge(7);
    expect(begins()).toEqual([0, 0, 0]);
    expect(parent.facts.at(-1)).toEqual({ type: 'logger.synced', entries: 7, omitted: 0 });
  });

  test('failing or never ending is told', async () => {
    const { acknowledge, clock, holds, parent, read, readStored, sendBatch, state, sync } = await startSending(2);
    await sendBatch.reject(failing('closed'));
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'closed' } });
    expect([state().value, holds.at(-1)]).toEqual(['idle', false]);
    expect(state().context.failure).toMatchObject({ code: 'closed' });
    sync();
    await readStored.reject(failing('io'));
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'io' } });
    sync();
    clock.increment(600_000);
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'timeout' } });
    expect(state().value).toBe('idle');
    sync();
    await read(1);
    await acknowledge(1);
    expect(state().context.failure).toBeUndefined();
  });
});

describe('a sync that is cut off', () => {
  test('waits longer each time, until one got through', async () => {
    const { acknowledge, clock, read, sendBatch, state, sync } = await cutOff();
    const expectWait = (waitMs: number) => {
      clock.increment(waitMs - 1);
      expect(state().value).toBe('interrupted');
      clock.increment(1);
      expect(state().value).toBe('gathering');
      clock.increment(gatherMs);
    };
    expectWait(1000);
    await sendBatch.reject(lost());
    expectWait(2000);
    await acknowledge(3);
    sync();
    await read(1);
    await sendBatch.reject(lost());
    expectWait(1000);
  });

  test('is over where the broker refuses an entry', async () => {
    const { parent, sendBatch, state } = await startSending(3);
    await sendBatch.reject(Object.assign(failing('refused'), { name: 'BrokerError' }));
    expect(state().value).toBe('idle');
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'refused' } });
  });

  test('lets a flush go first', async () => {
    const { actor, flush, state } = await cutOff();
    actor.send({ type: 'logger.flush' });
    expect(state().value).toBe('flushing');
    await flush.resolve();
    expect(state().value).toBe('gathering');
  });

  test('before it began anew is not forgotten', () => {
    const { actor, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    actor.send({ type: 'logger.sync' });
    actor.send({ type: 'broker.down' });
    actor.send({ type: 'broker.up' });
    expect(state().value).toBe('gathering');
  });

  test('by a broker that went before it was asked for waits', () => {
    const { actor, state } = start();
    actor.send({ type: 'broker.up' });
    actor.send({ type: 'broker.down' });
    actor.send({ type: 'logger.sync' });
    expect(state().value).toBe('awaitingBroker');
  });
});

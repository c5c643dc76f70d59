import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { gatherMs, start } from './under-test.ts';

describe('sync', () => {
  test('sends what is stored and tells how much', async () => {
    const { actor, sendStored, parent, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    await sendStored.resolve(12);
    expect(parent.facts).toEqual([{ type: 'logger.ready' }, { type: 'logger.synced', entries: 12 }]);
    expect(state().value).toBe('idle');
  });

  test('asked for while offline, waits for the broker; from the asking on, what goes out itself is none of it (L8)', () => {
    const { actor, clock, marks, sendStored, state, sync } = start();
    sync();
    expect(state().value).toBe('awaitingBroker');
    expect(marks).toHaveLength(1);
    expect(sendStored.runs).toHaveLength(0);
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    expect(state().value).toBe('syncing');
    expect(marks).toHaveLength(1);
  });

  test('asked for several times together, runs once (L8)', async () => {
    const { actor, clock, marks, sendStored, state } = start();
    actor.send({ type: 'broker.up' });
    for (let time = 0; time < 4; time += 1) {
      actor.send({ type: 'logger.sync' });
      clock.increment(gatherMs / 4 - 1);
    }
    clock.increment(gatherMs);
    await sendStored.resolve(1);
    expect(sendStored.runs).toHaveLength(1);
    expect(marks).toHaveLength(4);
    expect(state().value).toBe('idle');
  });

  test('asked for while one runs, begins anew in its place, and no more often than it gathers (L3, L8)', async () => {
    const { actor, clock, marks, parent, sendStored, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    for (let time = 0; time < 4; time += 1) actor.send({ type: 'logger.sync' });
    expect(sendStored.runs.map(({ signal }) => signal.aborted)).toEqual([true]);
    clock.increment(gatherMs);
    expect(sendStored.runs.map(({ input }) => input.goesOn)).toEqual([false, false]);
    await sendStored.resolve(1);
    expect(parent.facts.filter(({ type }) => type === 'logger.synced')).toHaveLength(1);
    expect(marks).toHaveLength(5);
    expect(state().value).toBe('idle');
  });

  test('losing the broker before it begins, waits for it; a flush comes first', async () => {
    const { actor, clock, flush, sendStored, state } = start();
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
    expect(sendStored.runs.map(({ input }) => input.goesOn)).toEqual([false]);
  });

  test('cut off by the broker, goes on when it is back (L3)', async () => {
    const { actor, clock, sendStored, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    actor.send({ type: 'broker.down' });
    expect(sendStored.last().signal.aborted).toBe(true);
    expect(state().value).toBe('awaitingBroker');
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    expect(sendStored.runs.map(({ input }) => input.goesOn)).toEqual([false, true]);
    await sendStored.resolve(5);
    sync();
    expect(sendStored.last().input).toEqual({ goesOn: false });
  });

  test('asked for again before it can go on, starts anew (L3)', () => {
    const { actor, clock, sendStored, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    actor.send({ type: 'broker.down' });
    actor.send({ type: 'logger.sync' });
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    expect(sendStored.last().input).toEqual({ goesOn: false });
  });

  test('told by its own failure that the link is lost, goes on after a growing wait, or with the broker (L3)', async () => {
    const { actor, clock, parent, sendStored, state, sync } = start();
    const lost = Object.assign(failing('closed'), { name: 'BrokerError' });
    actor.send({ type: 'broker.up' });
    sync();
    await sendStored.reject(lost);
    expect(state().value).toBe('interrupted');
    clock.increment(1000);
    clock.increment(gatherMs);
    expect(sendStored.last().input).toEqual({ goesOn: true });
    await sendStored.reject(lost);
    clock.increment(1000);
    expect(state().value).toBe('interrupted');
    actor.send({ type: 'broker.down' });
    expect(state().value).toBe('awaitingBroker');
    actor.send({ type: 'broker.up' });
    clock.increment(gatherMs);
    await sendStored.resolve(7);
    expect(sendStored.runs).toHaveLength(3);
    expect(parent.facts.at(-1)).toEqual({ type: 'logger.synced', entries: 7 });
  });

  test('failing or never ending is told', async () => {
    const { actor, clock, sendStored, parent, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    await sendStored.reject(failing('closed'));
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'closed' } });
    expect(state().value).toBe('idle');
    expect(state().context.failure).toMatchObject({ code: 'closed' });
    sync();
    clock.increment(600_000);
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'timeout' } });
    expect(state().value).toBe('idle');
    sync();
    await sendStored.resolve(0);
    expect(state().context.failure).toBeUndefined();
  });
});

describe('a sync that is cut off', () => {
  const lost = Object.assign(failing('closed'), { name: 'BrokerError' });
  const cutOff = async () => {
    const unit = start();
    unit.actor.send({ type: 'broker.up' });
    unit.sync();
    await unit.sendStored.reject(lost);
    return unit;
  };

  test('waits longer each time, until one got through', async () => {
    const { clock, sendStored, state, sync } = await cutOff();
    const expectWait = (waitMs: number) => {
      clock.increment(waitMs - 1);
      expect(state().value).toBe('interrupted');
      clock.increment(1);
      expect(state().value).toBe('gathering');
      clock.increment(gatherMs);
    };
    expectWait(1000);
    await sendStored.reject(lost);
    expectWait(2000);
    await sendStored.resolve(1);
    sync();
    await sendStored.reject(lost);
    expectWait(1000);
  });

  test('is over where the broker refuses an entry', async () => {
    const { actor, parent, sendStored, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    await sendStored.reject(Object.assign(failing('refused'), { name: 'BrokerError' }));
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

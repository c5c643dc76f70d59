import { describe, expect, test } from 'vitest';
import { failing } from '../../support/actors.ts';
import { settle } from '../../support/until.ts';
import { config, gatherMs, start } from './under-test.ts';

describe('configuration', () => {
  test('is put into force at the start and at each change', () => {
    const { actor, applied } = start();
    actor.send({ type: 'logger.configure', minLevel: 'Error', maxLength: 5 });
    actor.send({ type: 'logger.toggle', sink: 'mqtt', enabled: false });
    const configured = { ...config, minLevel: 'Error', maxLength: 5 };
    expect(applied).toEqual([config, configured, { ...configured, mqtt: false }]);
  });

  test('changes while a sync runs, without ending it (L5)', () => {
    const { actor, applied, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    actor.send({ type: 'logger.toggle', sink: 'console', enabled: false });
    expect(applied.at(-1)?.console).toBe(false);
    expect(state().value).toEqual({ syncing: 'reading' });
  });
});

describe('flush', () => {
  test('is told when it is done', async () => {
    const { actor, flush, parent, state } = start();
    actor.send({ type: 'logger.flush' });
    await flush.resolve();
    expect(parent.facts.at(-1)).toEqual({ type: 'logger.flushed' });
    expect(state().value).toBe('idle');
  });

  test('comes first while a sync waits for the broker, which is not forgotten', async () => {
    const { actor, flush, state } = start();
    actor.send({ type: 'logger.sync' });
    actor.send({ type: 'logger.flush' });
    expect(state().value).toBe('flushing');
    await flush.resolve();
    expect(state().value).toBe('awaitingBroker');
  });

  test('follows a sync that ends, and another flush', async () => {
    const { acknowledge, actor, flush, read, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    actor.send({ type: 'logger.flush' });
    await read(1);
    await acknowledge(1);
    expect(state().value).toBe('flushing');
    actor.send({ type: 'logger.flush' });
    await flush.resolve();
    expect(flush.runs).toHaveLength(2);
  });

  test('comes between two batches of a sync, which goes on after it', async () => {
    const { acknowledge, actor, clock, flush, parent, read, sendBatch, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    await read(9);
    actor.send({ type: 'logger.flush' });
    expect(state().value).toEqual({ syncing: 'sending' });
    await acknowledge(4);
    expect(state().value).toBe('flushing');
    await flush.resolve();
    clock.increment(gatherMs);
    expect(state().value).toEqual({ syncing: 'sending' });
    await acknowledge(2);
    actor.send({ type: 'logger.flush' });
    await sendBatch.resolve({ passed: 1, sent: 1 });
    await flush.resolve();
    clock.increment(gatherMs);
    await acknowledge(2);
    expect(sendBatch.runs.map(({ input }) => input.from)).toEqual([0, 4, 6, 7]);
    expect(parent.facts.at(-1)).toEqual({ type: 'logger.synced', entries: 9, omitted: 0 });
  });

  test('comes before a sync that is asked for at the same time', async () => {
    const { actor, clock, flush, readStored, state } = start();
    actor.send({ type: 'broker.up' });
    actor.send({ type: 'logger.flush' });
    actor.send({ type: 'logger.sync' });
    actor.send({ type: 'logger.flush' });
    await flush.resolve();
    expect(state().value).toBe('flushing');
    clock.increment(gatherMs);
    expect(readStored.runs).toHaveLength(0);
    await flush.resolve();
    clock.increment(gatherMs);
    expect(readStored.runs).toHaveLength(1);
  });

  test('failing or never ending is told', async () => {
    const { actor, clock, flush, parent, state } = start();
    actor.send({ type: 'logger.flush' });
    await flush.reject(failing('io'));
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'io' } });
    expect(state().value).toBe('idle');
    actor.send({ type: 'logger.flush' });
    clock.increment(5000);
    await settle();
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'timeout' } });
    expect(state().value).toBe('idle');
  });
});

import { createActor, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { loggerMachine, type LogConfig, type LoggerFact } from '../../machines/logger.ts';
import type { LogSyncInput } from '../../services/log.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';

const config: LogConfig = { minLevel: 'Debug', maxLength: 64, console: true, file: true, mqtt: true };

/** How long syncs that are asked for together are gathered, milliseconds. */
const gatherMs = 250;

const start = () => {
  const clock = new SimulatedClock();
  const parent = probe<LoggerFact>();
  const sendStored = gate<number, LogSyncInput>();
  const flush = gate<void>();
  const applied: LogConfig[] = [];
  const marks: true[] = [];
  const actor = createActor(
    loggerMachine.provide({
      actors: { sendStored: sendStored.logic, flush: flush.logic },
      actions: { applyConfig: (_, given) => void applied.push(given), markSync: () => void marks.push(true) },
    }),
    { clock, input: { parent: parent.ref, config } },
  ).start();
  /** Asks for a sync, and lets it begin. */
  const sync = () => {
    actor.send({ type: 'logger.sync' });
    clock.increment(gatherMs);
  };
  return { actor, applied, clock, marks, sync, parent, sendStored, flush, state: () => actor.getSnapshot() };
};

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
    expect(state().value).toBe('syncing');
  });
});

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
    sync();
    clock.increment(600_000);
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'timeout' } });
    expect(state().value).toBe('idle');
    sync();
    await sendStored.resolve(0);
    expect(state().context.failure).toBeUndefined();
  });
});

describe('flush', () => {
  test('is told when it is done', async () => {
    const { actor, flush, parent } = start();
    actor.send({ type: 'logger.flush' });
    await flush.resolve();
    expect(parent.facts.at(-1)).toEqual({ type: 'logger.flushed' });
  });

  test('comes first while a sync waits for the broker, which is not forgotten', async () => {
    const { actor, flush, state } = start();
    actor.send({ type: 'logger.sync' });
    actor.send({ type: 'logger.flush' });
    expect(state().value).toBe('flushing');
    await flush.resolve();
    expect(state().value).toBe('awaitingBroker');
  });

  test('follows a sync that runs, and another flush', async () => {
    const { actor, flush, sendStored, state, sync } = start();
    actor.send({ type: 'broker.up' });
    sync();
    actor.send({ type: 'logger.flush' });
    await sendStored.resolve(1);
    expect(state().value).toBe('flushing');
    actor.send({ type: 'logger.flush' });
    await flush.resolve();
    expect(flush.runs).toHaveLength(2);
  });

  test('comes before a sync that is asked for at the same time', async () => {
    const { actor, clock, flush, sendStored, state } = start();
    actor.send({ type: 'broker.up' });
    actor.send({ type: 'logger.flush' });
    actor.send({ type: 'logger.sync' });
    actor.send({ type: 'logger.flush' });
    await flush.resolve();
    expect(state().value).toBe('flushing');
    clock.increment(gatherMs);
    expect(sendStored.runs).toHaveLength(0);
    await flush.resolve();
    clock.increment(gatherMs);
    expect(sendStored.runs).toHaveLength(1);
  });

  test('failing or never ending is told', async () => {
    const { actor, clock, flush, parent, state } = start();
    actor.send({ type: 'logger.flush' });
    await flush.reject(failing('io'));
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'io' } });
    actor.send({ type: 'logger.flush' });
    clock.increment(5000);
    await settle();
    expect(parent.facts.at(-1)).toMatchObject({ type: 'logger.failed', failure: { code: 'timeout' } });
    expect(state().value).toBe('idle');
  });
});

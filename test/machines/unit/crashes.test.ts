import { longestDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import { fromPromise } from 'xstate';
import { describe, expect, test } from 'vitest';
import { loggerMachine, mqttMachine, type LogLine } from '../../../machines/index.ts';
import { failing } from '../../support/actors.ts';
import { settle } from '../../support/until.ts';
import {
  holdLink,
  lastLink,
  createUnit,
  provideWorld,
  settings,
  createWorld,
  type World,
} from '../../support/unit-world.ts';
import { regionOf } from '../../../machines/unit/known.ts';

/** Children whose actions throw when the test says so. */
const fragile = (it: World, log: (line: LogLine) => void) =>
  provideWorld(it, log).provide({
    actors: {
      mqtt: mqttMachine.provide({
        actors: { holdLink: holdLink(it), closeLink: fromPromise<void>(async () => undefined) },
        delays: longestDelays,
        actions: {
          forgetGrants: () => {
            throw failing('odd', 'a machine broke');
          },
        },
      }),
      logger: loggerMachine.provide({
        actors: { readStored: fromPromise(async () => 0), flush: fromPromise<void>(async () => undefined) },
        actions: {
          applyConfig: (_, { maxLength }) => {
            if (maxLength === 13) throw failing('odd', 'a machine broke');
          },
        },
      }),
    },
  });

describe('a child that fails (X6)', () => {
  test('is logged, started again, briefed, and goes on where the unit is', async () => {
    const { actor, clock, it: outside, lifecycle, lines } = createUnit({}, createWorld(), fragile);
    actor.send({ type: 'unit.start' });
    await settle();
    const before = actor.getSnapshot().children.mqtt;
    actor.send({ type: 'mqtt.resubscribe' });
    await settle();
    expect(actor.getSnapshot().status).toBe('active');
    expect(lines).toContainEqual({ level: 'Error', text: 'The mqtt machine failed and starts again: a machine broke' });
    expect(lifecycle()).toEqual({ operating: 'offline' });
    clock.increment(1000);
    await settle();
    expect(actor.getSnapshot().children.mqtt).not.toBe(before);
    expect(lifecycle()).toEqual({ operating: 'online' });
    expect(lastLink(outside).subscribed).toEqual(['update', 'input']);
  });

  test('its failures count for the waits of the one that follows (M14)', async () => {
    const { actor, clock } = createUnit({}, createWorld(), fragile);
    actor.send({ type: 'unit.start' });
    await settle();
    for (let crashes = 1; crashes <= 3; crashes += 1) {
      actor.send({ type: 'mqtt.resubscribe' });
      await settle();
      clock.increment(1000);
      await settle();
      const mqtt = actor.getSnapshot().children.mqtt as { getSnapshot(): { context: { attempts: number } } };
      expect(mqtt.getSnapshot().context.attempts).toBe(crashes);
    }
  });

  test('what it is asked meanwhile waits for it', async () => {
    const { actor, clock, told } = createUnit({}, createWorld(), fragile);
    actor.send({ type: 'unit.start' });
    await settle();
    actor.send({ type: 'settings.loaded', settings: { ...settings, maxLogLength: 13 } });
    await settle();
    expect(actor.getSnapshot().value).toMatchObject(regionOf('logger', 'restarting'));
    actor.send({ type: 'settings.loaded', settings });
    actor.send({ type: 'command.received', command: 'log_sync' });
    expect(told()).not.toContain('logsSynced');
    clock.increment(1000);
    clock.increment(250);
    await settle();
    expect(told()).toContain('logsSynced');
    expect(actor.getSnapshot().context.pendingMessages).toEqual([]);
  });

  test('is left off after five starts in a row, and the rest goes on', async () => {
    const { actor, clock, lifecycle, lines } = createUnit({}, createWorld(), fragile);
    actor.send({ type: 'unit.start' });
    await settle();
    for (let time = 0; time < 6; time += 1) {
      actor.send({ type: 'mqtt.resubscribe' });
      await settle();
      clock.increment(1000);
      await settle();
    }
    expect(actor.getSnapshot().value).toMatchObject(regionOf('mqtt', 'failed'));
    expect(actor.getSnapshot().hasTag('faulty')).toBe(true);
    expect(lines.at(-1)?.level).toBe('Warning');
    expect(lines.filter(({ level }) => level === 'Critical')).toHaveLength(1);
    expect(lifecycle()).toEqual({ operating: 'offline' });
    actor.send({ type: 'unit.stop' });
    await settle();
    clock.increment(4800);
    expect(lifecycle()).toBe('stopped');
  });

  test('a minute of peace clears the count', async () => {
    const { actor, clock } = createUnit({}, createWorld(), fragile);
    actor.send({ type: 'unit.start' });
    await settle();
    actor.send({ type: 'mqtt.resubscribe' });
    await settle();
    clock.increment(1000);
    await settle();
    expect(actor.getSnapshot().context.restarts.mqtt).toBe(1);
    clock.increment(60_000);
    expect(actor.getSnapshot().context.restarts.mqtt).toBe(0);
  });
});

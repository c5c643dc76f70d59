import { longestDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import { regionOf } from '../../../machines/unit/known.ts';
import { childNames } from '../../../machines/unit/context.ts';
import { fromPromise } from 'xstate';
import { describe, expect, test } from 'vitest';
import { loggerMachine, mqttMachine, type LogLine } from '../../../machines/index.ts';
import { settle } from '../../support/until.ts';
import {
  holdLink,
  lastLink,
  createUnit,
  createOnlineUnit,
  provideWorld,
  createWorld,
  type World,
} from '../../support/unit-world.ts';

/** A unit whose log and link never end. */
const stuck = (it: World, log: (line: LogLine) => void) =>
  provideWorld(it, log).provide({
    actors: {
      logger: loggerMachine.provide({ actors: { flush: fromPromise(() => new Promise(() => undefined)) } }),
      mqtt: mqttMachine.provide({
        actors: { holdLink: holdLink(it), closeLink: fromPromise(() => new Promise(() => undefined)) },
        delays: { ...longestDelays, closeWithin: 60_000 },
      }),
    },
  });

describe('stopping (M12)', () => {
  test('from online: the log is flushed, then the link closed, then all is put away', async () => {
    const { actor, it: outside, lifecycle, told } = await createOnlineUnit();
    actor.send({ type: 'unit.stop' });
    await settle();
    await settle();
    expect(lifecycle()).toBe('stopped');
    expect(told().slice(-3)).toEqual(['offline', 'disconnected', 'stopped']);
    expect(outside.did).toMatchObject({ flush: 1, close: 1, release: 1 });
    expect(outside.work).toEqual(['ended']);
    expect(lastLink(outside).isHeld).toBe(false);
    expect(actor.getSnapshot().context).toMatchObject({ hasNetwork: false });
  });

  test('can be started again', async () => {
    const { actor, lifecycle } = await createOnlineUnit();
    actor.send({ type: 'unit.stop' });
    await settle();
    await settle();
    actor.send({ type: 'unit.start' });
    await settle();
    expect(lifecycle()).toEqual({ operating: 'online' });
  });

  test('a start that is asked for while it closes comes after; a stop takes it back', async () => {
    const { actor, lifecycle, told } = await createOnlineUnit();
    for (const type of ['unit.stop', 'unit.start', 'unit.stop'] as const) actor.send({ type });
    await settle();
    await settle();
    expect(lifecycle()).toBe('stopped');
    for (const type of ['unit.start', 'unit.stop', 'unit.start'] as const) actor.send({ type });
    await settle();
    await settle();
    await settle();
    expect(lifecycle()).toEqual({ operating: 'online' });
    expect(told().filter((type) => type === 'stopped')).toHaveLength(2);
  });

  test('is no loss of the network: only what is lost at work is a warning', async () => {
    const { actor, it: outside, lines } = await createOnlineUnit({ managesWifi: true });
    const warnings = () => lines.filter(({ level }) => level === 'Warning').map(({ text }) => text);
    actor.send({ type: 'unit.stop' });
    await settle();
    await settle();
    expect(actor.getSnapshot().context.hasNetwork).toBe(false);
    expect(warnings()).toEqual([]);
    actor.send({ type: 'unit.start' });
    await settle();
    outside.wifi.linked = false;
    outside.wifi.tell({ type: 'link.changed', linked: false });
    expect(warnings()).toContain('The network is gone');
  });

  test.each([
    ['idle', () => undefined],
    ['recovering', (unit: ReturnType<typeof createUnit>) => unit.actor.send({ type: 'unit.start' })],
  ])('from %s', async (state, lead) => {
    const unit = createUnit();
    lead(unit);
    expect(unit.lifecycle()).toBe(state);
    unit.actor.send({ type: 'unit.stop' });
    await settle();
    await settle();
    expect(unit.lifecycle()).toBe('stopped');
  });

  test('from misconfigured', async () => {
    const outside = createWorld();
    outside.failures.add('settings.load');
    const { actor, lifecycle } = createUnit({}, outside);
    actor.send({ type: 'unit.start' });
    await settle();
    actor.send({ type: 'unit.stop' });
    await settle();
    expect(lifecycle()).toBe('stopped');
  });

  test('opens no link by a machine that starts again meanwhile', async () => {
    const { actor, clock, it: outside, lifecycle } = await createOnlineUnit();
    outside.hangs.add('flush');
    actor.send({ type: 'xstate.error.actor.mqtt', actorId: 'mqtt', error: new Error('it broke') } as never);
    actor.send({ type: 'settings.refresh' });
    await settle();
    actor.send({ type: 'unit.stop' });
    clock.increment(1000);
    await settle();
    expect(lifecycle()).toEqual({ closing: 'flushing' });
    expect(actor.getSnapshot().value).toMatchObject(regionOf('mqtt', 'running'));
    expect(outside.links).toHaveLength(1);
  });

  test('ends within 5 s when nothing answers', () => {
    const { actor, clock, lifecycle } = createUnit({}, createWorld(), stuck);
    actor.send({ type: 'unit.start' });
    actor.send({ type: 'unit.stop' });
    clock.increment(4999);
    expect(lifecycle()).toBe('stopped');
  });
});

test('no secret is in what a machine knows (C1)', async () => {
  const { actor } = await createOnlineUnit({ managesWifi: true });
  const { context, children } = actor.getSnapshot();
  const known = [context, ...childNames.map((name) => children[name]?.getSnapshot().context)].map((one) =>
    JSON.stringify(one),
  );
  expect(known).toHaveLength(10);
  expect(known.join()).not.toMatch(/token|password|secret|PUC_WIFI_PASS/i);
});

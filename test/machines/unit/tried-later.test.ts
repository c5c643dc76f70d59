import { fromPromise, type NonReducibleUnknown } from 'xstate';
import { describe, expect, test } from 'vitest';
import {
  loggerMachine,
  mqttMachine,
  schemaMachine,
  settingsMachine,
  type LogLine,
  type UnitEvent,
} from '../../../machines/index.ts';
import { failing } from '../../support/actors.ts';
import { settle } from '../../support/until.ts';
import {
  createUnit,
  createWorld,
  holdLink,
  lastLink,
  provideWorld,
  settings,
  type World,
} from '../../support/unit-world.ts';

const tenMinutes = 600_000;

/** A unit of whose children those in `broken` fail at each start. */
const createFragileUnit = (...names: string[]) => {
  const broken = new Set(names);
  const { topics } = createWorld();
  const throwIfBroken = (child: string) => () => {
    if (broken.has(child)) throw failing('odd', 'a machine broke');
  };
  const did: string[] = [];
  const doing = <TOutput, TInput extends NonReducibleUnknown = NonReducibleUnknown>(what: string, output: TOutput) =>
    fromPromise<TOutput, TInput>(async () => {
      did.push(what);
      return output;
    });
  const fragile = (it: World, log: (line: LogLine) => void) =>
    provideWorld(it, log).provide({
      actors: {
        settings: settingsMachine.provide({
          actors: { load: doing('load', settings), refresh: doing('refresh', settings) },
          actions: { forgetPending: throwIfBroken('settings') },
        }),
        schema: schemaMachine.provide({
          actors: { load: doing('loadSchema', topics), refresh: doing('refreshSchema', topics) },
          actions: { forgetPending: throwIfBroken('schema') },
        }),
        logger: loggerMachine.provide({
          actors: { readStored: doing<number>('sync', 0), flush: doing<void>('flush', undefined) },
          actions: { applyConfig: throwIfBroken('logger') },
        }),
        mqtt: mqttMachine.provide({
          actors: { holdLink: holdLink(it), closeLink: doing<void>('close', undefined) },
          actions: { forgetClosures: throwIfBroken('mqtt') },
        }),
      },
    });
  const unit = createUnit({}, createWorld(), fragile);
  const pass = async (ms: number) => {
    unit.clock.increment(ms);
    await settle();
  };
  return {
    ...unit,
    did,
    pass,
    mend: () => broken.clear(),
    regionOf: (child: 'settings' | 'schema' | 'logger' | 'mqtt') => {
      const { children } = unit.actor.getSnapshot().value;
      return children === 'due' ? children : children.kept[child];
    },
    send: async (...events: UnitEvent[]) => {
      for (const event of events) unit.actor.send(event);
      await settle();
    },
    /** Lets every restart run out. */
    wearOut: async () => {
      await settle();
      for (let restarts = 0; restarts < 6; restarts += 1) await pass(1000);
    },
  };
};

describe('a child whose restarts ran out (X6)', () => {
  test('is off for ten minutes, then tried again, and goes on where the unit is', async () => {
    const { it: outside, lifecycle, lines, mend, pass, regionOf, send, wearOut } = createFragileUnit('mqtt');
    await send({ type: 'unit.start' });
    await wearOut();
    expect(regionOf('mqtt')).toBe('failed');
    expect(lines).toContainEqual({
      level: 'Critical',
      text: 'The mqtt machine failed and is off for ten minutes: a machine broke',
    });
    mend();
    await pass(tenMinutes - 10_000);
    expect(regionOf('mqtt')).toBe('failed');
    await pass(10_000);
    expect(regionOf('mqtt')).toBe('running');
    expect(lifecycle()).toEqual({ operating: 'online' });
    expect(lastLink(outside).subscribed).toEqual(['update', 'input']);
  });

  test('is off again at once when it fails again, and has all of its restarts after a minute of peace', async () => {
    const { actor, lines, mend, pass, regionOf, send, wearOut } = createFragileUnit('logger');
    const critical = () => lines.filter(({ level }) => level === 'Critical').length;
    await wearOut();
    expect(critical()).toBe(1);
    await pass(tenMinutes);
    expect(regionOf('logger')).toBe('failed');
    expect(critical()).toBe(2);
    mend();
    await pass(tenMinutes);
    await pass(60_000);
    expect(regionOf('logger')).toBe('running');
    expect(actor.getSnapshot().context.restarts.logger).toBe(0);
    await send({ type: 'unit.start' });
    expect(critical()).toBe(2);
  });

  test('does not do later what the app asked of it', async () => {
    const { actor, did, mend, pass, regionOf, send, wearOut } = createFragileUnit('logger');
    await send({ type: 'unit.start' });
    expect(regionOf('logger')).toBe('restarting');
    await send({ type: 'logger.sync' });
    expect(actor.getSnapshot().context.pendingMessages).toContainEqual(
      expect.objectContaining({ to: 'logger', event: { type: 'logger.sync' } }),
    );
    await wearOut();
    await send({ type: 'logger.sync' });
    mend();
    await pass(tenMinutes);
    expect(regionOf('logger')).toBe('running');
    await pass(1000);
    expect(did).not.toContain('sync');
  });

  test('does what the app asked of it as soon as it runs, whatever starts fail before', async () => {
    const { did, mend, pass, regionOf, send } = createFragileUnit('logger');
    await send({ type: 'unit.start' }, { type: 'logger.sync' });
    await pass(1000);
    expect(regionOf('logger')).toBe('restarting');
    mend();
    await pass(1000);
    expect(regionOf('logger')).toBe('running');
    await pass(1000);
    expect(did.filter((what) => what === 'sync')).toHaveLength(1);
  });

  test.each(['while it starts again', 'while it is off'])(
    'does later what the instance commanded %s, whatever the app asked besides',
    async (when) => {
      const { did, lifecycle, mend, pass, regionOf, send, wearOut } = createFragileUnit('logger');
      await send({ type: 'unit.start' });
      expect(lifecycle()).toEqual({ operating: 'online' });
      if (when === 'while it is off') await wearOut();
      await send({ type: 'command.received', command: 'log_sync' }, { type: 'logger.sync' });
      await wearOut();
      mend();
      await pass(tenMinutes);
      expect(regionOf('logger')).toBe('running');
      await pass(1000);
      expect(did.filter((what) => what === 'sync')).toHaveLength(1);
    },
  );

  test('keeps what the app wants of it, as it is told at each start', async () => {
    const { it: outside, mend, pass, send, wearOut } = createFragileUnit('mqtt');
    await send({ type: 'unit.start' });
    await wearOut();
    await send({ type: 'mqtt.alsoWant', topics: ['extra'] });
    mend();
    await pass(tenMinutes);
    expect(lastLink(outside).subscribed).toEqual(['update', 'input', 'extra']);
  });

  test.each(['settings', 'schema'] as const)('reads its file then: a unit without %s goes to work', async (child) => {
    const { lifecycle, mend, pass, regionOf, send, told, wearOut } = createFragileUnit(child);
    await send({ type: 'unit.start' });
    await wearOut();
    expect(regionOf(child)).toBe('failed');
    expect(lifecycle()).toBe('misconfigured');
    mend();
    await pass(tenMinutes);
    expect(lifecycle()).toEqual({ operating: 'online' });
    expect(told().filter((type) => type === 'misconfigured')).toHaveLength(1);
  });
});

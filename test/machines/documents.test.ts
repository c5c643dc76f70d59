import { createActor, SimulatedClock } from 'xstate';
import { describe, expect, test } from 'vitest';
import { schemaMachine, type SchemaFact } from '../../machines/schema.ts';
import { settingsMachine, type SettingsFact } from '../../machines/settings.ts';
import type { SchemaTopics } from '../../services/schema.ts';
import type { UnitSettings } from '../../services/settings.ts';
import { failing, gate, probe } from '../support/actors.ts';
import { settle } from '../support/until.ts';
import { settings } from '../support/unit-world.ts';

type Request = 'load' | 'refresh' | 'pursue';

const startSettings = () => {
  const parent = probe<SettingsFact>();
  const [load, refresh, clock] = [gate<UnitSettings>(), gate<UnitSettings>(), new SimulatedClock()];
  const machine = settingsMachine.provide({ actors: { load: load.logic, refresh: refresh.logic } });
  const actor = createActor(machine, { clock, input: { parent: parent.ref } }).start();
  const send = (request: Request) => actor.send({ type: `settings.${request}` });
  const state = () => actor.getSnapshot();
  return { clock, parent, load, refresh, send, state, document: (): string => state().value.document };
};

const startSchema = () => {
  const parent = probe<SchemaFact>();
  const [load, refresh, clock] = [gate<SchemaTopics>(), gate<SchemaTopics>(), new SimulatedClock()];
  const machine = schemaMachine.provide({ actors: { load: load.logic, refresh: refresh.logic } });
  const actor = createActor(machine, { clock, input: { parent: parent.ref } }).start();
  const send = (request: Request) => actor.send({ type: `schema.${request}` });
  const state = () => actor.getSnapshot();
  return { clock, parent, load, refresh, send, state, document: (): string => state().value };
};

const topics: SchemaTopics = { subscribed: ['d/n'], reportsState: true };

/** A document's machine and its steps, and what it keeps. */
const documents = {
  settings: () => ({ ...startSettings(), content: settings as UnitSettings & SchemaTopics }),
  schema: () => ({ ...startSchema(), content: topics as UnitSettings & SchemaTopics }),
};

describe.each(['settings', 'schema'] as const)('a commanded refresh of the %s (U24)', (id) => {
  const start = documents[id];
  const started = async () => {
    const unit = start();
    unit.send('load');
    await unit.load.resolve(unit.content);
    unit.parent.facts.length = 0;
    return unit;
  };
  const commanded = async () => {
    const unit = await started();
    unit.send('pursue');
    unit.send('refresh');
    return unit;
  };

  test('is tried again, later each time, and what is in force stays so', async () => {
    const { content, send, clock, refresh, parent, document, state } = await commanded();
    for (const [attempts, waitMs] of [2500, 5000, 10_000].entries()) {
      await refresh.reject(failing('network'));
      expect(document()).toBe('waiting');
      expect(state().hasTag('ready')).toBe(true);
      expect(parent.facts.at(-1)).toMatchObject({ type: `${id}.postponed`, attempts: attempts + 1 });
      clock.increment(waitMs - 1);
      expect(refresh.runs).toHaveLength(attempts + 1);
      clock.increment(1);
      expect(refresh.runs).toHaveLength(attempts + 2);
    }
    await refresh.resolve(content);
    expect(document()).toBe('ready');
    expect(parent.facts.at(-1)).toMatchObject({ type: `${id}.loaded` });
    send('refresh');
    await refresh.reject(failing('network'));
    expect(document(), 'the command is done').toBe('ready');
  });

  test('is given up after a day, and at once when what came is refused', async () => {
    const { send, clock, refresh, parent, document } = await commanded();
    for (let attempts = 1; attempts <= 300 && document() !== 'ready'; attempts += 1) {
      await refresh.reject(failing('network'));
      if (document() === 'waiting') clock.increment(300_000);
    }
    expect(parent.facts.at(-1)).toMatchObject({ type: `${id}.failed`, during: 'refresh' });
    expect(refresh.runs).toHaveLength(295);
    send('pursue');
    send('refresh');
    await refresh.reject(failing('invalid'));
    expect(parent.facts.at(-1)).toMatchObject({ type: `${id}.failed`, failure: { code: 'invalid' } });
    clock.increment(86_400_000);
    expect(refresh.runs).toHaveLength(296);
  });

  test('is tried again after an attempt that took too long', async () => {
    const { clock, refresh, parent } = await commanded();
    clock.increment(60_000);
    await settle();
    expect(parent.facts).toMatchObject([{ type: `${id}.postponed`, failure: { code: 'timeout' } }]);
    clock.increment(2500);
    expect(refresh.runs).toHaveLength(2);
  });

  test('that waits is tried at once on request, and is still tried again after that', async () => {
    const { send, clock, refresh, document } = await commanded();
    await refresh.reject(failing('network'));
    send('refresh');
    expect(refresh.runs).toHaveLength(2);
    await refresh.reject(failing('network'));
    expect(document()).toBe('waiting');
    clock.increment(5000);
    expect(refresh.runs).toHaveLength(3);
  });

  test('is tried again from the beginning when it is commanded again', async () => {
    const { content, send, refresh, parent } = await commanded();
    await refresh.reject(failing('network'));
    send('pursue');
    send('refresh');
    send('pursue');
    send('refresh');
    await refresh.resolve(content);
    expect(refresh.runs, 'the newest command is not done by an attempt before it').toHaveLength(3);
    await refresh.reject(failing('network'));
    expect(parent.facts.at(-1)).toMatchObject({ type: `${id}.postponed`, attempts: 1 });
  });

  test('goes on waiting after a load', async () => {
    const { content, send, clock, load, refresh, document } = await commanded();
    await refresh.reject(failing('network'));
    send('load');
    expect(document()).toBe('loading');
    await load.resolve(content);
    expect(document()).toBe('waiting');
    clock.increment(2500);
    expect(refresh.runs).toHaveLength(2);
  });

  test('without anything in force is tried once', async () => {
    const { send, refresh, document } = start();
    send('pursue');
    send('refresh');
    await refresh.reject(failing('network'));
    expect(document()).toBe('faulty');
  });

  test('is done once it took too long with nothing in force: the next that fails is no command', async () => {
    const { content, send, clock, load, refresh, document } = start();
    send('pursue');
    send('refresh');
    clock.increment(60_000);
    send('load');
    await load.resolve(content);
    send('refresh');
    await refresh.reject(failing('network'));
    expect(document()).toBe('ready');
  });

  test('does not wait before it has failed', async () => {
    const { content, send, load, document } = await started();
    send('pursue');
    send('load');
    await load.resolve(content);
    expect(document()).toBe('ready');
  });

  test.each(['load', 'refresh'] as const)('that fails lets a %s go first that came meanwhile', async (request) => {
    const unit = await commanded();
    unit.send(request);
    await unit.refresh.reject(failing('network'));
    expect(unit.document()).toBe(`${request}ing`);
    await unit[request].resolve(unit.content);
    expect(unit.document()).toBe(request === 'load' ? 'waiting' : 'ready');
  });
});

describe.each(['settings', 'schema'] as const)('a request for the %s', (id) => {
  const start = documents[id];
  const places = {
    ready: async () => {
      const unit = start();
      unit.send('load');
      await unit.load.resolve(unit.content);
      return unit;
    },
    faulty: async () => {
      const unit = start();
      unit.send('load');
      await unit.load.reject(failing('malformed'));
      return unit;
    },
  };

  test.each(['ready', 'faulty'] as const)('is carried out at once when %s', async (place) => {
    for (const request of ['load', 'refresh'] as const) {
      const unit = await places[place]();
      expect(unit.document()).toBe(place);
      unit.send(request);
      expect(unit.document()).toBe(`${request}ing`);
      await unit[request].resolve(unit.content);
      expect(unit.document()).toBe('ready');
      expect(unit.parent.facts.at(-1)).toMatchObject({ type: `${id}.loaded` });
    }
  });

  test.each([
    ['load', 'load'],
    ['load', 'refresh'],
    ['refresh', 'load'],
    ['refresh', 'refresh'],
  ] as const)('that comes during a %s waits for its end, or failure: a %s', async (first, second) => {
    for (const isFailing of [true, false]) {
      const unit = start();
      unit.send(first);
      unit.send(second);
      expect(unit.document()).toBe(`${first}ing`);
      await (isFailing ? unit[first].reject(failing('malformed')) : unit[first].resolve(unit.content));
      expect(unit.document()).toBe(`${second}ing`);
      await unit[second].resolve(unit.content);
      expect(unit.document(), 'and is done once').toBe('ready');
    }
  });
});

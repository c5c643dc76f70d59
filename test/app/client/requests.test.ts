import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';

type Send = (event: unknown) => void;

const refused: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  null: null,
  'a text': 'unit.stop',
  'a list': ['unit.stop'],
  'no type': {},
  'a type that is no text': { type: 7 },
  'an unknown type': { type: 'unit.explode' },
  'a name of every object': { type: 'toString' },
  'a fact that a machine reports': { type: 'settings.loaded' },
  'a fact with all its parts': { type: 'mqtt.online', granted: 1, denied: [] },
  'an event of XState itself': { type: 'xstate.stop' },
  'an update without a target': { type: 'update.start' },
  'an update to null': { type: 'update.start', target: null },
  'an update to a number': { type: 'update.start', target: { commitVersion: 7 } },
  'an update with a link that is none': { type: 'update.start', target: { commitVersion: 'x', firmwareLink: 7 } },
  'an update with a payload that is none': { type: 'update.start', target: { commitVersion: 'x', payload: 'x' } },
  'a command without a name': { type: 'command.received' },
  'a restart without a mode': { type: 'unit.restart' },
  'a restart by a mode that restarts nothing': { type: 'unit.restart', mode: 'no_restart' },
  'an unknown command': { type: 'command.received', command: 'format' },
  'a command for null': { type: 'command.received', command: 'update', target: null },
  'no topics': { type: 'mqtt.alsoWant' },
  'one topic that is no list': { type: 'mqtt.alsoWant', topics: 'a/b' },
  'topics that are no texts': { type: 'mqtt.alsoWant', topics: ['a', null] },
  'a list of holes': { type: 'mqtt.alsoWant', topics: Object.assign([], { length: 2 }) },
  'a list of more holes than fit anywhere': {
    type: 'mqtt.alsoWant',
    topics: Object.assign([], { length: 2 ** 32 - 1 }),
  },
  'no sink': { type: 'logger.toggle', enabled: true },
  'an unknown sink': { type: 'logger.toggle', sink: 'printer', enabled: true },
  'a sink that is half on': { type: 'logger.toggle', sink: 'file', enabled: 'yes' },
  'a version that is no text': { type: 'update.configure', commitVersion: 5 },
  'a hand-over that is no flag': { type: 'update.configure', handsOver: 'yes' },
  'what is no plain data': { type: 'time.sync', after: () => undefined },
  'a trap': new Proxy(
    { type: 'time.sync' },
    {
      get: () => {
        throw new Error('boom');
      },
    },
  ),
};

const taken = [
  { type: 'unit.start' },
  { type: 'mqtt.connect' },
  { type: 'mqtt.alsoWant', topics: ['домик/🙂'] },
  { type: 'mqtt.resubscribe' },
  { type: 'wifi.connect' },
  { type: 'settings.load' },
  { type: 'settings.refresh' },
  { type: 'schema.load' },
  { type: 'schema.refresh' },
  { type: 'time.sync' },
  { type: 'logger.sync' },
  { type: 'logger.toggle', sink: 'console', enabled: true },
  { type: 'reporter.report' },
  { type: 'update.configure', handsOver: true },
  { type: 'command.received', command: 'log_sync' },
  { type: 'mqtt.disconnect' },
  { type: 'unit.stop' },
  { type: 'unit.restart', mode: 'exit' },
];

describe('the public actor', () => {
  let unit: TestUnit;
  let send: Send;
  beforeEach(async () => {
    unit = createTestUnit();
    await unit.client.ready();
    ({ send } = unit.client.actor as unknown as { send: Send });
  });
  afterEach(() => unit.client.stopMainCycle());

  test.each(Object.entries(refused))('refuses %s, and the unit goes on (X6)', async (_, event) => {
    const { client } = unit;
    expect(() => send(event)).toThrow(expect.objectContaining({ name: 'ClientError', code: 'invalid' }));
    expect(client.actor.getSnapshot().status).toBe('active');
    expect(client.actor.getSnapshot().matches({ lifecycle: { operating: 'online' } })).toBe(true);
    await client.ready();
    expect(await client.publishToTopics('output/pepeunit', 'alive', { qos: 1 })).toBe(true);
  });

  test.each(taken)('takes $type', (event) => {
    send(event);
    expect(unit.client.actor.getSnapshot().status).toBe('active');
  });

  test('says which part of an event is wrong, and what it has to be', () => {
    expect(() => send({ type: 'logger.toggle', sink: 'printer', enabled: true })).toThrow(
      /"logger\.toggle".*sink is "printer": it has to be "console" or "file" or "mqtt"/,
    );
    expect(() => send({ type: 'settings.loaded' })).toThrow(/"settings\.loaded"/);
  });

  test.each([
    { type: 'x'.repeat(1_000_000) },
    { type: 'logger.toggle', sink: 'x'.repeat(1_000_000), enabled: true },
    { type: 'mqtt.alsoWant', topics: Array.from({ length: 100_000 }, (_, index) => index) },
  ])('says so in a few words, however much it was given (C7)', (event) => {
    expect(() => send(event)).toThrow(expect.objectContaining({ message: expect.stringMatching(/^[^]{1,1000}$/) }));
  });

  test('keeps no hold of what it was given (X8)', () => {
    const topics = ['a'];
    send({ type: 'mqtt.alsoWant', topics });
    topics.push('b');
    expect(unit.client.actor.getSnapshot().context.extraTopics).toEqual(['a']);
  });
});

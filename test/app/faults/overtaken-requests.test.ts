import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import { waitForEvent, waitForIdle, type UnitActor } from '../../../app/client/await-event.ts';
import { loggerMachine, type LogLine } from '../../../machines/index.ts';
import { createUnit, createWorld, provideWorld, type World } from '../../support/unit-world.ts';
import { breakMachine } from '../../support/failing-root.ts';
import { settle, until } from '../../support/until.ts';
import { regionOf } from '../../../machines/unit/known.ts';

let unit: TestUnit;
beforeEach(() => {
  unit = createTestUnit();
});
afterEach(() => unit.client.stopMainCycle());

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('requests for the link', () => {
  test('a connect() that overtakes a disconnect() settles both, and the link is up', async () => {
    const { client } = unit;
    await client.ready();
    const ends = [codeOf(client.mqttClient.disconnect()), codeOf(client.mqttClient.connect())];
    expect(await Promise.all(ends)).toEqual(['done', 'done']);
    expect(client.mqttClient.isConnected()).toBe(true);
  });

  test('a disconnect() that overtakes a connect() settles both, and the link stays down', async () => {
    const { client } = unit;
    const ends = [codeOf(client.ready()), codeOf(client.mqttClient.connect()), codeOf(client.mqttClient.disconnect())];
    expect(await Promise.all(ends)).toEqual(['superseded', 'superseded', 'done']);
    await settle();
    expect(client.mqttClient.isConnected()).toBe(false);
    await client.mqttClient.connect();
  });

  test('a long row of them settles, and the last one wins', async () => {
    const { client } = unit;
    await client.ready();
    const { mqttClient } = client;
    const ends = Array.from({ length: 20 }, (_, index) =>
      codeOf(index % 2 === 0 ? mqttClient.disconnect() : mqttClient.connect()),
    );
    const codes = await Promise.all(ends);
    expect(new Set(codes)).toEqual(new Set(['done', 'superseded']));
    expect(codes.at(-1)).toBe('done');
    expect(mqttClient.isConnected()).toBe(true);
  });
});

const applyConfig = () => {
  throw new Error('a machine broke');
};
/** A unit whose logger fails at each start. */
const broken = (it: World, log: (line: LogLine) => void) =>
  provideWorld(it, log).provide({ actors: { logger: loggerMachine.provide({ actions: { applyConfig } }) } });

test('a request to a machine that is off is rejected, be it made before or after (X6)', async () => {
  const { actor, clock } = createUnit({}, createWorld(), broken);
  const wait = () => waitForEvent(actor, ['logsSynced'], [], { child: 'logger' });
  const early = codeOf(wait());
  actor.send({ type: 'unit.start' });
  for (let restarts = 0; restarts < 10; restarts += 1) {
    await settle();
    clock.increment(1000);
  }
  expect(actor.getSnapshot().value).toMatchObject(regionOf('logger', 'failed'));
  expect(await early).toBe('failed');
  await expect(wait()).rejects.toMatchObject({
    name: 'ClientError',
    message: expect.stringContaining('is off; the log says why. It is tried again within ten minutes'),
  });
  await expect(waitForIdle(actor, 'logger')).rejects.toMatchObject({ code: 'failed' });
  actor.stop();
});

test.each([
  ['update', 'updateFinished'],
  ['time', 'timeSynced'],
] as const)('a request to the %s machine is rejected when that fails meanwhile (X6)', async (asked, type) => {
  await unit.client.ready();
  const actor = unit.client.actor as unknown as UnitActor;
  const ended = waitForEvent(actor, [type], [], { asked });
  breakMachine(unit.client, asked);
  await expect(ended).rejects.toMatchObject({
    name: 'ClientError',
    code: 'failed',
    message: `The ${asked} machine failed before this was done: the log says why. Try again.`,
  });
});

test('an update that the update machine fails during is rejected, and can be asked for again (X6)', async () => {
  const { client, world } = unit;
  await client.ready();
  world.http.documents.targetVersion = { commit: 'next', tag: null };
  let endStaging: ((cause: Error) => void) | undefined;
  const { stage } = world.firmware;
  world.firmware.stage = () => new Promise((_, fail) => (endStaging = fail));
  const updated = codeOf(client.performUpdate());
  await until(() => endStaging !== undefined);
  breakMachine(client, 'update');
  expect(await updated).toBe('failed');
  world.firmware.stage = stage;
  endStaging?.(new Error('given up'));
  // The request is kept for the machine, which starts again soon.
  const again = codeOf(client.performUpdate());
  await settle();
  world.clock.advance(1_000);
  expect(await again).toBe('malformed');
});

const warnings = () => unit.world.console.entries.filter(({ text }) => text.includes('inspector'));

describe('an inspector that throws', () => {
  test('now and then is told once, and kept', async () => {
    let events = 0;
    unit = createTestUnit({
      inspect: () => {
        events += 1;
        if (events % 5 > 0) throw new Error('oops');
      },
    });
    await unit.client.ready();
    expect(events).toBeGreaterThan(50);
    expect(warnings()).toMatchObject([{ level: 'Warning', text: expect.stringContaining('goes on getting events') }]);
  });

  test('five times in a row gets no more events, and both are told', async () => {
    let events = 0;
    unit = createTestUnit({
      inspect: () => {
        events += 1;
        throw new Error('oops');
      },
    });
    await unit.client.ready();
    expect(events).toBe(5);
    expect(warnings()).toHaveLength(2);
    expect(warnings()[1]?.text).toContain('gets no more events');
  });
});

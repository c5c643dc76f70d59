import { describe, expect, onTestFinished, test } from 'vitest';
import { memoryOutbox } from '../../../adapters/memory/outbox.ts';
import { createTestUnit, type TestUnit } from '../../../app/testing.ts';
import type { Adapters } from '../../../app/platform.ts';
import { ProcessError } from '../../../services/errors.ts';
import type { LogSink } from '../../../services/log.ts';
import { settle, until } from '../../support/until.ts';

const running = async (
  adapters: Partial<Adapters> = {},
  change: (unit: TestUnit) => void = () => undefined,
): Promise<TestUnit> => {
  const unit = createTestUnit({ restartMode: 'restart_popen', adapters });
  onTestFinished(async () => {
    const ended = unit.client.stopMainCycle();
    await unit.world.advance(10_000);
    await ended;
  });
  change(unit);
  await unit.client.ready();
  return unit;
};

const never = (): Promise<never> => new Promise(() => undefined);

const holdLinks = ({ world: { broker } }: TestUnit): void => {
  const open = broker.open.bind(broker);
  broker.open = async (...given) => Object.assign(await open(...given), { close: never });
};

const errorOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

const programOf = ({ client }: TestUnit) => client.actor.getSnapshot().value.program;

/** Units of which one state of a restart takes its whole time, or longer. */
const held: Readonly<Record<string, () => Promise<TestUnit>>> = {
  flushing: () => {
    const console: LogSink = { write: () => undefined, flush: never };
    return running({ console });
  },
  disconnecting: () => running({}, holdLinks),
  releasing: () => running({ outbox: { ...memoryOutbox(), close: never } }),
};

/** Waits until a restart is in this state, without time passing where that has to come first. */
const reaches = (unit: TestUnit, state: string) =>
  until(() => JSON.stringify(programOf(unit)) === JSON.stringify({ leaving: state }), { what: state });

test('a snapshot shows how far a restart is', async () => {
  const { client, world } = await running();
  const phases: unknown[] = [];
  client.actor.subscribe(({ value: { program } }) => {
    if (JSON.stringify(phases.at(-1)) !== JSON.stringify(program)) phases.push(program);
  });
  world.process.failNext(new ProcessError('spawn', 'There is no memory.'));
  await expect(client.restartDevice()).rejects.toMatchObject({ code: 'spawn' });
  const leaving = ['flushing', 'disconnecting', 'releasing', 'handingOver'].map((state) => ({ leaving: state }));
  expect(phases).toEqual(['awaitingFiles', ...leaving, 'running']);
});

describe.each(Object.entries(held))('a restart that is held up in %s', (state, create) => {
  test('is overtaken by a stop, and the program goes on in no other process (M12)', async () => {
    const unit = await create();
    const asked = errorOf(unit.client.restartDevice());
    await reaches(unit, state);
    const ended = unit.client.stopMainCycle();
    await unit.world.advance(10_000);
    expect(await asked).toMatchObject({ name: 'ClientError', code: 'stopped' });
    await ended;
    expect(unit.world.process.restarts).toEqual([]);
  });

  test('goes on after its time, and comes once', async () => {
    const unit = await create();
    void unit.client.restartDevice();
    void unit.client.restartDevice();
    await reaches(unit, state);
    await unit.world.advance(20_000);
    expect(unit.world.process.restarts).toEqual(['restart_popen']);
  });

  test('that fails leaves the unit with its link, and the next one is tried', async () => {
    const unit = await create();
    const { client, world } = unit;
    world.process.failNext(new ProcessError('spawn', 'There is no memory.'));
    const asked = errorOf(client.restartDevice());
    await reaches(unit, state);
    await world.advance(20_000);
    expect(await asked).toMatchObject({ name: 'ProcessError', code: 'spawn' });
    await world.until(() => client.mqttClient.isConnected());
    void client.restartDevice();
    await world.advance(20_000);
    expect(world.process.restarts).toEqual(['restart_popen', 'restart_popen']);
  });
});

test('a link that the app asks for while its program leaves waits until that has failed', async () => {
  const { client, world } = await running();
  const fails: ((error: Error) => void)[] = [];
  world.process.restart = () => new Promise((_, reject) => fails.push(reject));
  const asked = errorOf(client.restartDevice());
  await until(() => fails.length === 1);
  const connected = client.mqttClient.connect();
  await world.advance(60_000);
  expect(world.broker.openClients).toEqual([]);
  fails[0]?.(new ProcessError('spawn', 'There is no memory.'));
  expect(await asked).toBeInstanceOf(ProcessError);
  await connected;
  expect(world.broker.openClients).toHaveLength(1);
});

test('a failed restart is told to who listens, by its event as well', async () => {
  const { client, world } = await running();
  const failures: unknown[] = [];
  client.on('restartFailed', ({ failure }) => failures.push(failure.code));
  world.process.failNext(new ProcessError('spawn', 'There is no memory.'));
  client.actor.send({ type: 'unit.restart', mode: 'exit' });
  await until(() => failures.length > 0);
  expect([failures, world.process.restarts]).toEqual([['spawn'], ['exit']]);
});

test('a restart by an event starts no program where that is not possible', async () => {
  const { client, world } = await running();
  const refusal = new ProcessError('unsupported', 'A worker restarts nothing.');
  world.process.checkRestart = () => {
    throw refusal;
  };
  const failures: unknown[] = [];
  client.on('restartFailed', ({ failure }) => failures.push(failure.code));
  client.actor.send({ type: 'unit.restart', mode: 'restart_exec' });
  await until(() => failures.length > 0);
  expect([failures, world.process.restarts]).toEqual([['unsupported'], []]);
});

test('a program that was not started restarts, and takes up its work where that fails', async () => {
  const { client, world } = createTestUnit({ restartMode: 'exit' });
  await client.settings.loadFromFile();
  const other = createTestUnit({ restartMode: 'exit' });
  void other.client.restartDevice();
  await until(() => other.world.process.restarts.length === 1);
  expect(other.client.actor.getSnapshot().value.program).toBe('running');
  world.process.failNext(new ProcessError('spawn', 'There is no memory.'));
  await expect(client.restartDevice()).rejects.toThrow(ProcessError);
  await client.ready();
  await client.stopMainCycle();
  await other.client.stopMainCycle();
});

test('a restart that is asked for during a stop comes after it', async () => {
  const { client, world } = await running();
  const phases: unknown[] = [];
  const stopped = client.stopMainCycle().then(() => phases.push('stopped'));
  world.process.restart = async () => {
    phases.push('restarted');
    return never();
  };
  void client.restartDevice();
  await stopped;
  await settle();
  expect(phases).toEqual(['stopped', 'restarted']);
});

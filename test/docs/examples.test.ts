import { cp } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { UnitClient } from '../../app/client/client.ts';
import { startInstance, type Instance } from '../../app/instance/index.ts';
import type { PepeunitClient } from '../../app/node.ts';
import { memoryClockSource, memoryProcessControl, createTestUnit } from '../../app/testing.ts';
import { createLiveUnit, type LiveUnit } from '../support/live-unit.ts';
import { runExample, typeErrorsIn } from './examples.ts';
import { programOf, publicMembers } from './public-members.ts';

const entries = ['app/node.ts', 'app/browser.ts', 'app/instance/index.ts', 'app/testing.ts', 'services/index.ts'];
const program = programOf(entries);
const members = publicMembers(program, entries);
const examples = members.flatMap(({ name, examples: codes }) => codes.map((code) => ({ name, code })));

/** An instance that an example may stop, with one unit. */
const createInstance = async (): Promise<Instance> => {
  const instance = await startInstance();
  await instance.operator.createUnit({ name: 'unit of the examples', folder: 'fan' });
  return instance;
};

test('each public member has an example', () =>
  expect(members.filter((member) => member.examples.length === 0).map(({ name }) => name)).toEqual([]));

test('each example compiles', () => expect(typeErrorsIn(examples, program)).toEqual([]));

describe('each example runs:', () => {
  const home = process.cwd();
  /** Clients that an example has started. */
  const started = new Set<UnitClient>();
  let live: LiveUnit;
  let own: LiveUnit;
  let client: PepeunitClient | undefined;
  let noteRestart: () => void;

  /** A restart that works never returns. */
  const processControl = {
    ...memoryProcessControl(),
    restart: () => {
      noteRestart();
      return new Promise<never>(() => undefined);
    },
  };

  /** A main cycle ends as soon as its unit is online; what an example starts is stopped after it. */
  const watchClients = () => {
    const { ready, runMainCycle } = UnitClient.prototype;
    vi.spyOn(UnitClient.prototype, 'ready').mockImplementation(function (this: UnitClient) {
      started.add(this);
      return ready.call(this);
    });
    vi.spyOn(UnitClient.prototype, 'runMainCycle').mockImplementation(async function (this: UnitClient, options) {
      const ended = runMainCycle.call(this, options);
      await Promise.race([this.ready(), ended]);
      await this.stopMainCycle();
      await ended;
    });
  };

  beforeAll(async () => {
    for (const method of ['debug', 'info', 'log', 'warn', 'error'] as const) {
      vi.spyOn(console, method).mockReturnValue(undefined);
    }
    watchClients();
    live = await createLiveUnit({ adapters: { process: processControl, clockSource: memoryClockSource(Date.now()) } });
    own = await createLiveUnit();
    await cp(own.path('../source'), own.path('fan'), { recursive: true });
    process.chdir(own.folder);
  });

  afterEach(async () => {
    for (const one of started) if (one !== client || !one.mqttClient.isConnected()) await one.stopMainCycle();
    started.clear();
    if (!client?.mqttClient.isConnected()) client = undefined;
  });

  afterAll(async () => {
    process.chdir(home);
    vi.restoreAllMocks();
    await own.stop();
    await live.stop();
  });

  test.for(examples)('$name', async ({ code }) => {
    client ??= live.another();
    await client.ready();
    const restarted = new Promise<void>((resolve) => {
      noteRestart = resolve;
    });
    const instance = code.includes('instance.') ? await createInstance() : live.instance;
    const ended = Promise.race([runExample(code, { client, instance, unit: createTestUnit() }), restarted]);
    await expect(ended).resolves.toBeUndefined();
    if (instance !== live.instance) await instance.stop();
  });
});

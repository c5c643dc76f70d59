import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StateValue } from 'xstate';
import { mqttBroker } from '../../../adapters/shared/mqtt/broker.ts';
import { FileStorage } from '../../../adapters/node/storage/storage.ts';
import type { PepeunitClient } from '../../../app/node.ts';
import type { Link } from '../../../services/broker.ts';
import { StorageError } from '../../../services/errors.ts';
import { createLiveUnit, type LiveUnit } from '../../support/live-unit.ts';
import { noFirmware } from '../../../adapters/shared/no-firmware.ts';
import { until } from '../../support/until.ts';
import type { Path } from './explore.ts';
import { lifecycleOf, runUnitPath, unitPaths, type UnitDriver } from './unit-paths.ts';

/** Holds whoever comes until the path says what becomes of them. */
const turnstile = () => {
  const waiting: { pass: () => void; fail: (error: Error) => void }[] = [];
  let isRemoved = false;
  return {
    arrive: () => (isRemoved ? Promise.resolve() : new Promise<void>((pass, fail) => waiting.push({ pass, fail }))),
    remove: () => {
      isRemoved = true;
      for (const one of waiting.splice(0)) one.pass();
    },
    release: async (error?: Error) => {
      await until(() => waiting.length > 0, { what: 'somebody at the turnstile' });
      for (const one of waiting.splice(0))
        if (error) one.fail(error);
        else one.pass();
    },
  };
};

type Turnstile = ReturnType<typeof turnstile>;
type Turnstiles = [Turnstile, Turnstile, Turnstile, Turnstile, Turnstile, Turnstile];

const isReleasing = (lifecycle: StateValue): boolean => JSON.stringify(lifecycle) === '{"closing":"releasing"}';

/** A real unit whose files, broker and log answer when the path says so. */
const steered = (live: LiveUnit) => {
  const [recover, env, schema, open, close, flush] = Array.from({ length: 6 }, turnstile) as Turnstiles;
  const gates = { recover, env, schema, open, close, flush };
  const { recover: carryOn, ...firmware } = noFirmware();
  let hasRecovered = false;
  const storage = new (class extends FileStorage {
    override async readJson(path: string) {
      await gates[path.endsWith('env.json') ? 'env' : 'schema'].arrive();
      return super.readJson(path);
    }
  })();
  const broker = mqttBroker();
  let current: { link: Link; lose: (error: Error) => void } | undefined;
  const client: PepeunitClient = live.another({
    ffConsoleLogEnable: true,
    mqtt: { protocol: 4 },
    adapters: {
      storage,
      firmware: {
        ...firmware,
        recover: async () => {
          await gates.recover.arrive();
          hasRecovered = true;
          return carryOn();
        },
      },
      broker: {
        open: async (options, listener, signal) => {
          await gates.open.arrive();
          const link = await broker.open(options, listener, signal);
          current = { link, lose: (error) => listener.onClosed(error) };
          return {
            ...link,
            close: async () => {
              await link.close();
              await gates.close.arrive();
            },
          };
        },
      },
      console: { write: () => undefined, flush: () => gates.flush.arrive() },
    },
  });
  const broken = new StorageError('io', 'The disk is gone.');
  const lose = async () => {
    current?.lose(new Error('cut'));
    await current?.link.close();
  };
  const steps: readonly [RegExp, () => Promise<void> | void][] = [
    [/^unit\.start/, () => client.actor.send({ type: 'unit.start' })],
    [/^unit\.stop/, () => client.actor.send({ type: 'unit.stop' })],
    [/^update\.settled/, () => (hasRecovered ? undefined : gates.recover.release())],
    [/^settings\.loaded/, () => gates.env.release()],
    [/^settings\.failed/, () => gates.env.release(broken)],
    [/^schema\.loaded/, () => gates.schema.release()],
    [/^schema\.failed/, () => gates.schema.release(broken)],
    [/^mqtt\.online/, () => gates.open.release()],
    [/^mqtt\.offline/, lose],
    [/^mqtt\.stopped/, () => gates.close.release()],
    [/^logger\.flushed/, () => gates.flush.release()],
  ];
  client.actor.start();
  const now = () => lifecycleOf(client.actor.getSnapshot().value);
  const driver: UnitDriver = {
    apply: async (label) => steps.find(([pattern]) => pattern.test(label))?.[1](),
    lifecycle: async (expected) => {
      // Nothing is left to recover at a later start, and nothing holds up a release: those go on at once.
      if (expected === 'recovering' && hasRecovered) return expected;
      const wanted = [expected, ...(isReleasing(expected) ? ['stopped'] : [])].map((state) => JSON.stringify(state));
      const isThere = () => wanted.includes(JSON.stringify(now()));
      await until(isThere).catch(() => undefined);
      return isThere() ? expected : now();
    },
  };
  const end = () => {
    client.actor.stop();
    for (const gate of Object.values(gates)) gate.remove();
  };
  return { driver, end };
};

/** In which state of the life cycle each thing happens to a real unit. */
const happensIn: readonly [RegExp, RegExp][] = [
  [/^unit\.start/, /^"(idle|misconfigured|stopped)"$/],
  [/^unit\.stop/, /^"(idle|misconfigured)"$|operating/],
  [/^update\.settled/, /^"recovering"$/],
  [/^settings\.(loaded|failed)/, /^"loadingSettings"$/],
  [/^schema\.(loaded|failed)/, /^"loadingSchema"$/],
  [/^mqtt\.online/, /"offline"/],
  [/^mqtt\.offline/, /"online"/],
  [/^mqtt\.stopped/, /"disconnecting"/],
  [/^logger\.flushed/, /"flushing"/],
];

/** As much of a path as can happen to a real unit. */
const realPart = (path: Path): Path => {
  let state: StateValue = 'idle';
  const end = path.findIndex(({ happening: { label }, value }) => {
    const [, where] = happensIn.find(([pattern]) => pattern.test(label)) ?? [];
    const happens = where?.test(JSON.stringify(state)) ?? false;
    state = lifecycleOf(value);
    return !happens;
  });
  return end === -1 ? path : path.slice(0, end);
};

const isWithinReach = (label: string) =>
  happensIn.some(([pattern]) => pattern.test(label)) && !label.includes('"during":"refresh"');

let live: LiveUnit;
beforeAll(async () => {
  live = await createLiveUnit();
});
afterAll(() => live.stop());

const nameOf = (path: Path) => path.map(({ happening }) => happening.label.replace(/ \{.*/, '')).join(' / ');
const named = new Map(
  unitPaths('the life cycle', isWithinReach)
    .map(realPart)
    .filter(({ length }) => length > 0)
    .map((path) => [nameOf(path), path]),
);
const paths = [...named.values()];

test('the paths reach every state of the life cycle but those of time-outs and of the last steps of a stop', () => {
  const reached = new Set(paths.flat().map(({ value }) => JSON.stringify(lifecycleOf(value))));
  expect([...reached].toSorted()).toEqual([
    '"loadingSchema"',
    '"loadingSettings"',
    '"misconfigured"',
    '"recovering"',
    '{"closing":"flushing"}',
    '{"closing":"releasing"}',
    '{"operating":"offline"}',
    '{"operating":"online"}',
  ]);
});

test.each([...named])('the root on the embedded instance: %s', async (_, path) => {
  const { driver, end } = steered(live);
  try {
    await runUnitPath(path, driver);
  } finally {
    end();
  }
});

test('the root on the embedded instance: a stop while online flushes, disconnects and ends', async () => {
  const { driver, end } = steered(live);
  const steps: readonly [string, StateValue][] = [
    ['unit.start', 'recovering'],
    ['update.settled', 'loadingSettings'],
    ['settings.loaded', 'loadingSchema'],
    ['schema.loaded', { operating: 'offline' }],
    ['mqtt.online', { operating: 'online' }],
    ['unit.stop', { closing: 'flushing' }],
    ['logger.flushed', { closing: 'disconnecting' }],
    ['mqtt.stopped', 'stopped'],
  ];
  try {
    for (const [label, state] of steps) {
      await driver.apply(label);
      expect(await driver.lifecycle(state), label).toEqual(state);
    }
  } finally {
    end();
  }
});

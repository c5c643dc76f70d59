import { expect, test } from 'vitest';
import type { MainCycleOptions, WaitOptions } from '../../../app/node.ts';
import { createTestUnit } from '../../../app/testing.ts';

const thrownBy = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

test.each<readonly [options: object, told: string]>([
  [{ ffConsoleLogEnabled: false }, 'ffConsoleLogEnabled is no option. Did you mean ffConsoleLogEnable?'],
  [{ ENVFILEPATH: 'x' }, 'ENVFILEPATH is no option. Did you mean envFilePath?'],
  [{ xyzzy: 1 }, 'xyzzy is no option. There are restartMode, '],
  [{ mqtt: { broker: ['mqtt://a'] } }, 'mqtt.broker is no option. Did you mean brokers?'],
  [{ mqtt: { tls: { servername: 'a' } } }, 'mqtt.tls.servername is no option. Did you mean serverName?'],
  [{ outbox: { maxMessages: 5 } }, 'outbox.maxMessages is no option. Did you mean messages?'],
  [{ outbox: { rate: { byte: 5 } } }, 'outbox.rate.byte is no option. Did you mean bytes?'],
  [
    { outbox: { policies: { t: { keep: 'queue', Qos: 1 } } } },
    'outbox.policies["t"].Qos is no option. Did you mean qos?',
  ],
  [{ update: { selfTest: { args: [], within: 5 } } }, 'update.selfTest.within is no option. Did you mean withinMs?'],
  [{ update: { __proto__x: 1 } }, 'update.__proto__x is no option.'],
  [{ adapters: { rest: {} } }, 'adapters.rest is no option. Did you mean '],
  [{ adapters: { storage: { readJson: () => 1 } } }, 'adapters.storage lacks writeJson, readLines, writeLines,'],
  [{ adapters: { wifi: { station: 'a' } } }, 'adapters.wifi lacks status, scan, join, leave, watch: an adapter has'],
  [{ adapters: { random: 5 } }, 'adapters.random is 5: it has to be a function.'],
])('%o has a name that is none, or an adapter that is incomplete, and is refused', async (options, told) => {
  const { client } = createTestUnit(options);
  const thrown = await thrownBy(client.ready());
  await client.stopMainCycle();
  expect(thrown).toMatchObject({ name: 'ClientError', code: 'options', message: expect.stringContaining(told) });
});

test('names that are no options of a cycle or of a wait are told as well', async () => {
  const { client } = createTestUnit();
  const options = { timeout: 5 } as WaitOptions;
  expect(await thrownBy(client.ready(options))).toMatchObject({
    code: 'options',
    message: expect.stringContaining('Did you mean timeoutMs?'),
  });
  const cycle = { cycle: 5 } as MainCycleOptions;
  expect(await thrownBy(client.runMainCycle(cycle))).toMatchObject({
    code: 'options',
    message: expect.stringContaining('Did you mean cycleMs?'),
  });
  await client.stopMainCycle();
});

test.each([
  ['onlin', 'Did you mean online?'],
  ['UpdateFail', 'Did you mean updateFailed?'],
  ['*', 'There are online, offline, '],
  [undefined, 'There are online'],
  ['constructor', 'There are online'],
])('%j is no event, and is refused', async (type, hint) => {
  const { client } = createTestUnit();
  const subscribe = () => client.on(type as 'online', () => undefined);
  expect(subscribe).toThrow(
    expect.objectContaining({ name: 'ClientError', code: 'invalid', message: expect.stringContaining(hint) }),
  );
  await client.stopMainCycle();
});

test('a request that is none names the one that is meant', async () => {
  const { client } = createTestUnit();
  const send = () => client.actor.send({ type: 'mqtt.conect' } as never);
  expect(send).toThrow(
    expect.objectContaining({ code: 'invalid', message: expect.stringContaining('Did you mean mqtt.connect?') }),
  );
  await client.stopMainCycle();
});

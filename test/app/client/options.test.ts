import { describe, expect, test, vi } from 'vitest';
import { PepeunitClient, type PepeunitClientOptions } from '../../../app/node.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { ClientError } from '../../../services/errors.ts';

const thrownBy = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

/** A unit with some options that no compiler checks. */
const unitWith = (options: object) => createTestUnit(options);

const faultOf = async (options: object): Promise<string> => {
  const { client } = unitWith(options);
  const thrown = await thrownBy(client.ready());
  await client.stopMainCycle();
  expect(thrown).toBeInstanceOf(ClientError);
  expect(thrown).toMatchObject({ name: 'ClientError', code: 'options' });
  return (thrown as ClientError).message;
};

const path = 'the path of a file';
const wholeFromOne = 'a whole number of at least 1';
const wait = 'a number from 1 to 2147483647';

const wrong: readonly (readonly [options: object, told: string])[] = [
  [{ envFilePath: undefined }, `envFilePath is undefined: it has to be ${path}.`],
  [{ schemaFilePath: '' }, `schemaFilePath is "": it has to be ${path}.`],
  [{ logFilePath: 5 }, `logFilePath is 5: it has to be ${path}.`],
  [{ restartMode: 'reboot' }, 'restartMode is "reboot": it has to be "restart_exec" or'],
  [{ ntpHost: '' }, `ntpHost is "": it has to be a host's name.`],
  [{ ffVersionCheckEnable: 'false' }, 'ffVersionCheckEnable is "false": it has to be true or false.'],
  [{ ffMqttLogEnable: null }, 'ffMqttLogEnable is null'],
  [{ adapters: { clock: undefined } }, 'adapters.clock is undefined: it has to be an object.'],
  [{ adapters: null }, 'adapters is null'],
  [{ inspect: 'yes' }, 'inspect is "yes"'],
  [{ mqtt: null }, 'mqtt is null: it has to be an object.'],
  [{ mqtt: { protocol: 3 } }, 'mqtt.protocol is 3: it has to be "auto" or 5 or 4.'],
  [{ mqtt: { brokers: [] } }, 'mqtt.brokers is a list: it has to be a list that is not empty.'],
  [{ mqtt: { brokers: 'mqtt://a' } }, 'mqtt.brokers is "mqtt://a": it has to be a list that is not empty.'],
  [{ mqtt: { brokers: ['mqtt://a', 'localhost:1883'] } }, 'mqtt.brokers[1] is "localhost:1883": it has to be a broker'],
  [{ mqtt: { brokers: ['http://a'] } }, 'mqtt.brokers[0] is "http://a"'],
  [{ mqtt: { brokers: ['mqtt://a:99999'] } }, 'mqtt.brokers[0] is "mqtt://a:99999"'],
  [{ mqtt: { tls: { ca: '' } } }, 'mqtt.tls.ca is a text: it has to be a text in PEM.'],
  [{ mqtt: { timeoutMs: -1 } }, `mqtt.timeoutMs is -1: it has to be ${wait}.`],
  [{ mqtt: { timeoutMs: Number.NaN } }, 'mqtt.timeoutMs is NaN'],
  [{ mqtt: { spreadMs: Infinity } }, 'mqtt.spreadMs is Infinity: it has to be a number from 0 to 86400000.'],
  [{ mqtt: { spreadMs: '5' } }, 'mqtt.spreadMs is "5"'],
  [{ outbox: 'none' }, 'outbox is "none"'],
  [{ outbox: { messages: -1 } }, `outbox.messages is -1: it has to be ${wholeFromOne}.`],
  [{ outbox: { messages: 0 } }, 'outbox.messages is 0'],
  [{ outbox: { messages: Infinity } }, 'outbox.messages is Infinity'],
  [{ outbox: { messages: '1000' } }, 'outbox.messages is "1000"'],
  [{ outbox: { bytes: Number.NaN } }, `outbox.bytes is NaN: it has to be ${wholeFromOne}.`],
  [{ outbox: { ageMs: Number.NaN } }, 'outbox.ageMs is NaN'],
  [{ outbox: { packetBytes: 2 ** 30 } }, 'outbox.packetBytes is 1073741824: it has to be a whole number from 1 to'],
  [{ outbox: { unacknowledgedMs: 0 } }, `outbox.unacknowledgedMs is 0: it has to be ${wait}.`],
  [{ outbox: { durable: 0 } }, 'outbox.durable is 0'],
  [{ outbox: { qos: 3 } }, 'outbox.qos is 3: it has to be 0 or 1 or 2.'],
  [{ outbox: { policies: { t: { keep: 'queue', qos: '1' } } } }, 'outbox.policies["t"].qos is "1"'],
  [{ outbox: { rate: true } }, 'outbox.rate is true: it has to be false, or an object with messages, bytes and burst.'],
  [{ outbox: { rate: null } }, 'outbox.rate is null'],
  [{ outbox: { rate: { messages: 0 } } }, 'outbox.rate.messages is 0: it has to be a number from 0.001 to 1000000.'],
  [{ outbox: { rate: { bytes: -5 } } }, 'outbox.rate.bytes is -5'],
  [{ outbox: { rate: { burst: 0 } } }, 'outbox.rate.burst is 0: it has to be a whole number from 1 to 1000000.'],
  [{ outbox: { policies: new Map() } }, 'outbox.policies is an object'],
  [{ outbox: { policies: { t: 'newest' } } }, 'outbox.policies["t"] is "newest": it has to be "latest" or "queue" or'],
  [{ outbox: { policies: { t: null } } }, 'outbox.policies["t"] is null'],
  [{ outbox: { policies: { t: {} } } }, 'outbox.policies["t"].keep is undefined'],
  [{ outbox: { policies: { t: { keep: 'queue', messages: -1 } } } }, 'outbox.policies["t"].messages is -1'],
  [{ outbox: { policies: { t: { keep: 'queue', whenFull: 'x' } } } }, 'outbox.policies["t"].whenFull is "x"'],
  [{ codecs: [] }, 'codecs is a list: it has to be an object.'],
  [
    { codecs: { 'input/pepeunit': 'number' } },
    'codecs["input/pepeunit"] is "number": it has to be a function of the parsed JSON, or an object with parse or ~standard, such as a schema of zod.',
  ],
  [{ codecs: { a: { parse: 1 } } }, 'codecs["a"] is an object'],
  [{ update: { dataFolders: ['../other'] } }, 'update.dataFolders[0] is "../other": it has to be a path inside'],
  [{ update: { dataFolders: 'data' } }, 'update.dataFolders is "data": it has to be a list.'],
  [{ update: { install: 'npm' } }, 'update.install is "npm": it has to be true, false, or an object with withinMs.'],
  [
    { update: { install: { withinMs: 600_000 } } },
    'update.install.withinMs is 600000: it has to be a whole number from 1',
  ],
  [{ update: { program: '/bin/sh' } }, 'update.program is "/bin/sh"'],
  [{ update: { trustKey: [] } }, 'update.trustKey is a list: it has to be a list that is not empty.'],
  [{ update: { trustKey: 'x' } }, 'update.trustKey is a text: it has to be an Ed25519 public key'],
  [{ update: { hosts: ['https://a'] } }, 'update.hosts[0] is "https://a": it has to be name or name:port.'],
  [{ update: { allowHttp: 1 } }, 'update.allowHttp is 1'],
  [{ update: { selfTest: {} } }, 'update.selfTest.args is undefined: it has to be a list.'],
  [{ update: { selfTest: { args: [], withinMs: 0 } } }, 'update.selfTest.withinMs is 0'],
  [{ update: { healthTimeoutMs: 0.5 } }, 'update.healthTimeoutMs is 0.5'],
  [{ update: { trialStarts: 0 } }, 'update.trialStarts is 0: it has to be a whole number from 1 to 1000.'],
  [{ update: { ready: true } }, 'update.ready is true: it has to be a function.'],
];

describe('an option that can not be used', () => {
  test.each(wrong)('%o is told: which, what it is, and what it may be', async (options, told) => {
    expect(await faultOf(options)).toContain(told);
  });

  test('all of them are told at once, up to ten', async () => {
    const policies = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`t${index}`, 'x']));
    const message = await faultOf({ outbox: { messages: -1, policies } });
    expect(message).toContain('outbox.messages is -1');
    expect(message).toContain('policies["t8"]');
    expect(message).toMatch(/So are 3 more\.$/);
  });

  test('neither a password in an address nor a key is told (C1)', async () => {
    const canary = 'c4n4ry-s3cret';
    const message = await faultOf({
      mqtt: {
        brokers: [`http://user:${canary}@host:1/${canary}@x?token=${canary}`, `mqtt://host:x/?token=${canary}`],
        tls: { key: [canary], ca: [canary, 5] },
      },
      update: { trustKey: canary },
    });
    expect(message).not.toContain(canary);
    expect(message).toContain('mqtt.tls.key is a list');
  });

  test('keeps nothing from ending, loses nothing, and is logged once', async () => {
    const { client, world } = unitWith({ outbox: { rate: { messages: 0 } } });
    expect(await client.mqttClient.publishDetailed('t', 'x')).toEqual({ outcome: 'queued' });
    for (const call of [client.ready(), client.runMainCycle(), client.mqttClient.connect(), client.performUpdate()]) {
      expect(await thrownBy(call)).toMatchObject({ code: 'options' });
    }
    await client.stopMainCycle();
    expect(world.console.entries.filter(({ text }) => text.includes('outbox.rate.messages is 0'))).toMatchObject([
      { level: 'Critical' },
    ]);
    expect(world.outbox.messages.size).toBe(1);
    expect(world.clock.pending).toBe(0);
  });

  test.each([undefined, null, 5, 'env.json', [], {}])('may be all of them: %o', async (options) => {
    const printed = vi.spyOn(console, 'error').mockReturnValue();
    const client = new PepeunitClient(options as PepeunitClientOptions);
    await client.mqttClient.publishDetailed('t', 'x');
    const thrown = await thrownBy(client.ready());
    expect(thrown).toMatchObject({ code: 'options', message: expect.stringContaining('has to be') as string });
    await client.stopMainCycle();
    expect(printed).toHaveBeenCalledTimes(1);
    printed.mockRestore();
  });

  test('names no place to write to, and none is written to', async () => {
    const { client, world } = unitWith({ envFilePath: undefined, logFilePath: undefined });
    await client.mqttClient.publishDetailed('t', 'x');
    await thrownBy(client.ready());
    await client.stopMainCycle();
    expect(world.outbox.appends).toEqual([]);
    expect(world.console.entries).toHaveLength(1);
  });

  test.each([0, -1, Number.NaN, Infinity, '20', null])('nor is a cycle of %o ms run', async (cycleMs) => {
    const { client } = createTestUnit();
    const thrown = await thrownBy(client.runMainCycle({ cycleMs: cycleMs as number }));
    expect(thrown).toMatchObject({ code: 'options', message: expect.stringContaining('cycleMs is ') as string });
    await client.stopMainCycle();
  });
});

test('options that say nothing are the defaults', async () => {
  const { client } = unitWith({
    ntpHost: undefined,
    adapters: undefined,
    mqtt: { brokers: undefined },
    outbox: { messages: undefined, rate: undefined, policies: { t: 'latest', u: { keep: 'none' }, v: undefined } },
    update: {},
  });
  expect(await thrownBy(client.ready())).toBeUndefined();
  await client.stopMainCycle();
});

test('an option of a group that says nothing is its default too', async () => {
  const policies = { 'output/pepeunit': { keep: 'queue', messages: undefined, whenFull: undefined } };
  const unit = unitWith({
    outbox: { rate: { messages: undefined, bytes: undefined, burst: undefined }, policies },
    codecs: { 'input/pepeunit': undefined },
    update: { selfTest: undefined, offlineTrialMs: undefined },
  });
  await unit.start();
  unit.cut();
  for (const text of ['one', 'two', 'three']) await unit.client.publishToTopics('output/pepeunit', text);
  await unit.until(() => unit.published('output/pepeunit').length === 3);
  expect(unit.published('output/pepeunit')).toEqual(['one', 'two', 'three']);
  await unit.stop();
});

/** What programs without types may give, mixed with what they should. */

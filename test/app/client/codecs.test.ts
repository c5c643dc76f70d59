import { expect, test } from 'vitest';
import type { Codec, Codecs, MessageOf } from '../../../app/public.ts';
import { createTestUnit } from '../../../app/testing.ts';
import { failureOf, PayloadError } from '../../../services/errors.ts';

const schema = {
  input_base_topic: ['update/pepeunit', 'log_sync/pepeunit'],
  output_base_topic: ['state/pepeunit', 'log/pepeunit'],
  input_topic: ['температура/pepeunit', 'other/pepeunit'],
  output_topic: ['output/pepeunit'],
};

/** A schema of a library that follows the standard. */
const standard = (validate: (value: unknown) => unknown) =>
  ({ '~standard': { version: 1, vendor: 'test', validate } }) as unknown as Codec;

const celsiusOf = (value: unknown): number => {
  if (typeof value !== 'object' || value === null || !('celsius' in value)) throw new Error('celsius is missing');
  return Number(value.celsius);
};

/** Sends a payload to a unit with a codec. @returns What `json()` returned or threw, and what was logged. */
const sent = async (codec: Codec, payload: string, key = 'температура/pepeunit') => {
  const seen: unknown[] = [];
  const unit = createTestUnit({
    schema,
    codecs: { 'температура/pepeunit': codec },
    program: (client) =>
      client.setMqttInputHandler((_, message) => {
        try {
          seen.push(message.json());
        } catch (thrown) {
          seen.push(thrown);
          throw thrown;
        }
      }),
  });
  await unit.start();
  await unit.receive(key, payload);
  await unit.stop();
  const logged = unit.logged().filter((text) => text.startsWith('The input handler failed'));
  return { seen: seen[0], logged };
};

test.each<[what: string, codec: Codec]>([
  ['a function', celsiusOf],
  ['an object with parse', { parse: celsiusOf }],
  ['a Standard Schema', standard((value) => ({ value: celsiusOf(value) }))],
  [
    'a Standard Schema that is a function',
    Object.assign(
      () => 'not this',
      standard(() => ({ value: 21.5 })),
    ),
  ],
])('json() gives what %s makes of the JSON', async (_, codec) => {
  expect(await sent(codec, '{"celsius":21.5}')).toEqual({ seen: 21.5, logged: [] });
});

test('a codec with parse keeps its object', async () => {
  class Scale {
    readonly #factor = 2;
    parse(value: unknown): number {
      return Number(value) * this.#factor;
    }
  }
  expect(await sent(new Scale(), '21')).toEqual({ seen: 42, logged: [] });
});

test('the other keys have no codec', async () => {
  expect(await sent(celsiusOf, '[1]', 'other/pepeunit')).toEqual({ seen: [1], logged: [] });
  const { seen } = await sent(celsiusOf, 'no JSON', 'other/pepeunit');
  expect(seen).toBeInstanceOf(SyntaxError);
});

test('what a codec refuses is a PayloadError that names key and reason, and goes to the log', async () => {
  const { seen, logged } = await sent(celsiusOf, '{"fahrenheit":70}');
  expect(seen).toBeInstanceOf(PayloadError);
  expect(seen).toMatchObject({ name: 'PayloadError', code: 'invalid', cause: { message: 'celsius is missing' } });
  expect(logged).toEqual([
    'The input handler failed: The codec of температура/pepeunit refused a message: celsius is missing',
  ]);
});

const issues = [
  { message: 'Expected number', path: ['room', { key: 'celsius' }] },
  { message: 'Unrecognized key' },
  { message: 'three' },
  { message: 'four' },
];

test.each<[what: string, codec: Codec]>([
  ['a Standard Schema', standard(() => ({ issues }))],
  [
    "a schema library's error",
    () => {
      throw Object.assign(new Error('all of it'), { issues });
    },
  ],
])('the first issues of %s are the reason', async (_, codec) => {
  const { seen } = await sent(codec, '{}');
  expect(failureOf(seen)).toEqual({
    name: 'PayloadError',
    code: 'invalid',
    message:
      'The codec of температура/pepeunit refused a message: room.celsius: Expected number; Unrecognized key; three',
  });
});

const quoting = (value: unknown) => {
  throw new Error(`bad: ${JSON.stringify(value)} ${'x'.repeat(10_000)}`);
};

test('an error never quotes the payload as a whole, and is short', async () => {
  const { seen } = await sent(quoting, '{"pin":"1234"}');
  expect(failureOf(seen).message).toMatch(/^The codec of температура\/pepeunit refused a message: bad: … x{100,200}$/);
  const { seen: malformed } = await sent(quoting, 'pin 1234');
  expect(failureOf(malformed)).toEqual({
    name: 'PayloadError',
    code: 'malformed',
    message: 'A message of температура/pepeunit is not JSON, as its codec needs it. Correct its sender.',
  });
});

test.each([async () => ({ value: 1 }), () => Promise.reject(new Error('late'))])(
  'a schema that answers later is refused',
  async (validate) => {
    const { seen } = await sent(standard(validate), '1');
    expect(failureOf(seen).message).toContain('Give a schema without asynchronous checks');
  },
);

test('a new schema keeps the codecs, and a message that waits too', async () => {
  const seen: unknown[] = [];
  const unit = createTestUnit({
    schema,
    codecs: { 'other/pepeunit': (value: unknown) => ({ decoded: value }) },
    program: (client) =>
      client.setMqttInputHandler(async (_, message) => {
        await Promise.resolve();
        if (message.command === undefined) seen.push(message.json());
      }),
  });
  await unit.start();
  const { inputBaseTopic: input_base_topic, outputBaseTopic: output_base_topic, inputTopic } = unit.client.schema;
  await unit.client.schema.update({ input_base_topic, output_base_topic, input_topic: inputTopic, output_topic: {} });
  const first = unit.receive('other/pepeunit', '1');
  await Promise.all([first, unit.receive('other/pepeunit', '2'), unit.receive('other/pepeunit', '3')]);
  expect(seen).toEqual([{ decoded: 1 }, { decoded: 2 }, { decoded: 3 }]);
  await unit.stop();
});

interface Unit {
  readonly env: { readonly DELAY: number };
  readonly input: 'input/pepeunit' | 'curve/pepeunit';
  readonly output: 'output/pepeunit';
}
const codecs = { 'input/pepeunit': celsiusOf } satisfies Codecs<Unit>;

test('the types of a unit say what a message, a setting and a topic key are', async () => {
  const unit = createTestUnit<Unit, typeof codecs>({
    env: { DELAY: 5 },
    schema: { ...schema, input_topic: ['input/pepeunit', 'curve/pepeunit'] },
    codecs,
    program: (client) => {
      client.setMqttInputHandler((handle, message: MessageOf<Unit, typeof codecs>) => {
        if (message.key === 'input/pepeunit')
          return handle.publishToTopics('output/pepeunit', message.json().toFixed(client.settings.DELAY));
        // @ts-expect-error the codec is that of another key
        return message.key === 'curve/pepeunit' && message.json().toFixed();
      });
    },
  });
  await unit.start();
  await unit.receive('input/pepeunit', '{"celsius":21.5}');
  expect(unit.published('output/pepeunit')).toEqual(['21.50000']);
  await unit.stop();
});

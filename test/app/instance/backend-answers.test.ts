import { readFileSync } from 'node:fs';
import { connectAsync } from 'mqtt';
import { beforeAll, expect, test } from 'vitest';
import { textOf } from '../../../services/errors.ts';
import type { JsonValue } from '../../../services/json.ts';
import { createFolder, writeFiles } from '../../support/folder.ts';
import { nobody } from '../../support/instance.ts';
import { baseTopics } from '../../support/documents.ts';
import { startInstance, type Instance, type UnitRow } from '../../../app/instance/index.ts';
import { until } from '../../support/until.ts';

/** A request to backend 1.2.0 and its answer: a body as JSON, as a shape, or by type, length and first bytes. */
interface Recorded {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly token: string | null;
  readonly body?: string;
  /** In place of `body`: a text to repeat as the state. */
  readonly repeat?: readonly [string, number];
  readonly status: number;
  /** `null` where the record says only that there was one. */
  readonly answer: string | null;
}

const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/backend-answers.json', import.meta.url), 'utf8'),
) as readonly Recorded[];

/** Where the instance differs on purpose: it has no 500s, no tags, and one command more. */
const ours: Readonly<Record<string, { status?: number; answer: string }>> = {
  'env unknown': { status: 422, answer: '{"detail": "422: 2: Validation Error: The object does not exist"}' },
  'env unknown user': { status: 422, answer: '{"detail": "422: 2: Validation Error: The object does not exist"}' },
  'node unknown': { status: 422, answer: '{"detail": "422: 2: Validation Error: The object does not exist"}' },
  'target own': { answer: '{commit:str,tag:null}' },
  'cmd bad': {
    answer: `{"detail": [{"type": "enum", "loc": ["query", "command"], "msg": "Input should be 'Update', 'EnvUpdate', 'SchemaUpdate', 'LogSync' or 'Reset'", "input": "Nope", "ctx": {"expected": "'Update', 'EnvUpdate', 'SchemaUpdate', 'LogSync' or 'Reset'"}}]}`,
  },
};

type Shape = string | readonly Shape[] | { readonly [key: string]: Shape };

/** Reads a shape such as `{count:int,units:[{uuid:str}]}`. */
const parseShape = (text: string): Shape => JSON.parse(text.replaceAll(/[A-Za-z_]+/g, '"$&"')) as Shape;

const scalars: Readonly<Record<string, (value: JsonValue) => boolean>> = {
  str: (value) => typeof value === 'string',
  int: (value) => Number.isInteger(value),
  // JSON of JavaScript writes 1.0 as 1.
  float: (value) => typeof value === 'number',
  bool: (value) => typeof value === 'boolean',
  null: (value) => value === null,
};

/** Says where a value differs from a shape; the first element of a list stands for all in the record. */
const differences = (value: JsonValue, shape: Shape, at = ''): string[] => {
  if (typeof shape === 'string')
    return scalars[shape]?.(value) === true ? [] : [`${at} is no ${shape}: ${JSON.stringify(value)}`];
  if (Array.isArray(shape)) {
    if (!Array.isArray(value)) return [`${at} is no list`];
    if (shape.length === 0) return value.length === 0 ? [] : [`${at} is not empty`];
    const found = value.map((element) => differences(element, shape[0] as Shape, `${at}[]`));
    return found.some((faults) => faults.length === 0) ? [] : [`${at} has no such element`, ...(found[0] ?? [])];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [`${at} is no object`];
  const wanted = Object.keys(shape).toSorted();
  const given = Object.keys(value).toSorted();
  if (wanted.join() !== given.join()) return [`${at} has ${given.join()}, not ${wanted.join()}`];
  return wanted.flatMap((key) =>
    differences(value[key] as JsonValue, (shape as Record<string, Shape>)[key] as Shape, `${at}.${key}`),
  );
};

/** JSON with the spaces that the recording has. */
const spaced = (value: JsonValue): string => {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`)
    .join(', ')}}`;
};

const expectAnswer = async (response: Response, answer: string) => {
  const bytes = Buffer.from(await response.arrayBuffer());
  const binary = /^<(\S+?)(?:; charset=\S+)? (\d+)B ([0-9a-f]*)>$/.exec(answer);
  if (binary) {
    const [, type = '', length, first = ''] = binary;
    expect(response.headers.get('content-type')).toContain(type);
    expect(bytes.subarray(0, 2).toString('hex')).toBe(first);
    if (length === '0') expect(bytes).toHaveLength(0);
    return;
  }
  const body = JSON.parse(bytes.toString()) as JsonValue;
  // Long texts are cut in the record.
  if (answer.startsWith('{"')) expect(spaced(body).slice(0, answer.length)).toBe(answer);
  else expect(differences(body, parseShape(answer))).toEqual([]);
};

let names: Readonly<Record<string, string>>;
let instance: Instance;

const env = { FLAG: true, LIST: [1], NESTED: { a: { b: 0.5 } }, NEWVAR: 1, NOTE: 'жук', PUBLISH_EVERY_MS: '500' };
const schema = { ...baseTopics, input_topic: ['in/pepeunit', 'other_in/pepeunit'], output_topic: ['out/pepeunit'] };
const report = {
  millis: 1,
  mem_free: 2,
  mem_alloc: 3,
  freq: 4,
  statvfs: [4096],
  ifconfig: ['10.0.0.2'],
  pu_commit_version: 'another',
};

const createUnit = async (root: string, name: string, more: object = {}): Promise<UnitRow> => {
  await writeFiles(`${root}/${name}`, {
    'env_example.json': JSON.stringify(env),
    'schema_example.json': JSON.stringify(schema),
  });
  return instance.operator.createUnit({ name, folder: `${root}/${name}`, ...more });
};

const nodeOf = ({ unit_nodes: nodes }: UnitRow, type: string): string =>
  nodes.find((node) => node.type === type)?.uuid ?? '';

/** Reports a state that is not the version asked for, after an update has become overdue. */
const failUpdate = async ({ uuid }: UnitRow, token: string) => {
  const { operator } = instance;
  await operator.setEnv(uuid, { PU_STATE_SEND_INTERVAL: 0 });
  await operator.sendCommand(uuid, 'Update');
  const client = await connectAsync(instance.mqttUrl, { username: token, password: '', clientId: uuid });
  const topics = operator.getSchema(uuid) as Record<string, Record<string, string[]>>;
  const topic = (key: string) => topics['output_base_topic']?.[key]?.[0] ?? '';
  await client.publishAsync(topic('state/pepeunit'), JSON.stringify(report), { qos: 1 });
  await client.publishAsync(topic('log/pepeunit'), JSON.stringify({ level: 'info', text: 'тепло' }), { qos: 1 });
  await until(() => operator.logList(uuid).count === 1 && operator.getUnit(uuid).firmware_update_status === 'Error');
  await client.endAsync();
  await operator.setEnv(uuid, { PU_STATE_SEND_INTERVAL: 300 });
};

beforeAll(async () => {
  const { path: root, remove } = await createFolder();
  instance = await startInstance();
  const { operator } = instance;
  const first = await createUnit(root, 'unit1');
  const second = await createUnit(root, 'unit2');
  const tokenOf = async ({ uuid }: UnitRow) => textOf((await operator.getEnv(uuid))['PU_AUTH_TOKEN']);
  names = {
    u1: first.uuid,
    u2: second.uuid,
    t1: await tokenOf(first),
    t2: await tokenOf(second),
    user: operator.token,
    n_in: nodeOf(first, 'Input'),
    n_out: nodeOf(first, 'Output'),
    n2_out: nodeOf(second, 'Output'),
    domain: instance.domain,
  };
  for (const [unit, token] of [
    [first, names['t1']],
    [second, names['t2']],
  ] as const)
    await failUpdate(unit, token ?? '');
  await operator.createEdge(nodeOf(second, 'Output'), nodeOf(first, 'Input'));
  await operator.setStateInput(nodeOf(first, 'Input'), 'x');
  await createUnit(root, 'newest', { compiledFirmwareLink: 'https://firmware.test/newest' });
  return async () => {
    await instance.stop();
    await remove();
  };
});

const filled = (text: string): string =>
  text.replaceAll('UNKNOWN', nobody).replaceAll(/\{(\w+)\}/g, (whole, name: string) => names[name] ?? whole);

test.each(recorded)('$name: $method $path', async ({ name, method, path, token, body, repeat, status, answer }) => {
  const sent = repeat ? JSON.stringify({ state: repeat[0].repeat(repeat[1]) }) : body && filled(body);
  const response = await fetch(`${instance.apiUrl}${filled(path)}`, {
    method,
    headers: {
      accept: 'application/json',
      ...(token !== null && { 'x-auth-token': filled(token) }),
      ...(sent !== undefined && { 'content-type': 'application/json' }),
    },
    ...(sent !== undefined && { body: sent }),
  });
  expect(response.status).toBe(ours[name]?.status ?? status);
  const wanted = ours[name]?.answer ?? answer;
  if (wanted !== null) await expectAnswer(response, wanted);
});

test('every recorded request is tried', () => {
  expect(recorded).toHaveLength(83);
});

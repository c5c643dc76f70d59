import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { connectAsync, type IClientOptions, type MqttClient, type Packet } from 'mqtt';
import { onTestFinished } from 'vitest';
import {
  startInstance,
  type Instance,
  type InstanceEvent,
  type InstanceOptions,
  type NewUnit,
  type UnitRow,
} from '../../../app/instance/index.ts';

const baseTopics = {
  input_base_topic: ['update/pepeunit', 'env_update/pepeunit', 'schema_update/pepeunit', 'log_sync/pepeunit'],
  output_base_topic: ['state/pepeunit', 'log/pepeunit'],
};

const exampleSchema = {
  ...baseTopics,
  input_topic: ['set/pepeunit', 'plain_in'],
  output_topic: ['out/pepeunit', 'plain_out'],
};

export type Files = Record<string, string>;

/** Writes files into a folder, making it. */
export const fill = async (folder: string, files: Files): Promise<void> => {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
};

/** A folder that is gone when the test is. */
export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-instance-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
};

export const programFiles = (more: Files = {}): Files => ({
  'env_example.json': JSON.stringify({ SPEED: 1, PUC_WIFI_SSID: '' }),
  'schema_example.json': JSON.stringify(exampleSchema),
  'main.py': 'print("one")\n',
  'lib/deep/fan.py': 'duty = 0\n',
  ...more,
});

/** A folder with a small unit in it. */
export const unitFolder = async (more: Files = {}): Promise<string> => {
  const folder = await temporaryFolder();
  await fill(folder, programFiles(more));
  return folder;
};

/** An instance that stops with the test, and everything that it tells. */
export const runInstance = async (options: InstanceOptions = {}) => {
  const events: InstanceEvent[] = [];
  const instance = await startInstance({ ...options, log: (event) => events.push(event) });
  onTestFinished(() => instance.stop());
  const of = <K extends InstanceEvent['type']>(type: K) =>
    events.filter((event): event is Extract<InstanceEvent, { type: K }> => event.type === type);
  return { instance, events, of };
};

/** A unit with its token and topics at hand. */
export interface TestUnit {
  readonly row: UnitRow;
  readonly uuid: string;
  readonly token: string;
  /** Uuid of a node, by topic key. */
  node(key: string): string;
  topic(key: string): string;
}

export const addUnit = async (instance: Instance, more: Partial<NewUnit> = {}): Promise<TestUnit> => {
  const row = await instance.operator.createUnit({ name: 'fan', folder: await unitFolder(), ...more });
  const { PU_AUTH_TOKEN: token } = await instance.operator.getEnv(row.uuid);
  const topics = () =>
    Object.assign({}, ...Object.values(instance.operator.getSchema(row.uuid))) as Record<string, string[]>;
  return {
    row,
    uuid: row.uuid,
    token: token as string,
    node: (key) => row.unit_nodes.find(({ topic_name: name }) => name === key)?.uuid ?? `no node ${key}`,
    topic: (key) => topics()[key]?.[0] ?? `no topic ${key}`,
  };
};

export interface Link {
  readonly client: MqttClient;
  readonly received: { topic: string; text: string }[];
  /** The codes of the SUBACK. */
  subscribe(...topics: string[]): Promise<number[]>;
  isOpen(): boolean;
}

/** Connects a unit; the connection ends with the test. */
export const connectUnit = async (url: string, token: string, options: IClientOptions = {}): Promise<Link> => {
  const client = await connectAsync(
    url,
    { username: token, password: '', reconnectPeriod: 0, clean: true, ...options },
    false,
  );
  client.on('error', () => undefined);
  onTestFinished(() => client.endAsync(true));
  const received: Link['received'] = [];
  client.on('message', (topic, payload) => received.push({ topic, text: payload.toString() }));
  return {
    client,
    received,
    subscribe: (...topics) =>
      new Promise((resolve, reject) => {
        const onPacket = (packet: Packet) => {
          if (packet.cmd !== 'suback') return;
          client.off('packetreceive', onPacket);
          resolve(packet.granted as number[]);
        };
        client.on('packetreceive', onPacket);
        client.once('close', () => reject(new Error('the connection ended')));
        client.subscribe(topics, { qos: 1 }, () => undefined);
      }),
    isOpen: () => client.connected,
  };
};

/** The API, as somebody with a token. */
export const api =
  (instance: Instance, token: string | undefined) =>
  (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${instance.apiUrl}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });

/** The UUID of no unit and no node. */
export const nobody = '00000000-0000-4000-8000-000000000000';

/** An instance with one unit, and the API as its operator and as that unit. */
export const unitAtHand = async () => {
  const { instance, of } = await runInstance();
  const unit = await addUnit(instance);
  return { instance, of, unit, operator: api(instance, instance.operator.token), own: api(instance, unit.token) };
};

export const json = async (response: Response | Promise<Response>): Promise<unknown> => (await response).json();

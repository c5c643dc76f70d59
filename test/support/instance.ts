import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { connect, type IClientOptions, type IConnackPacket, type MqttClient, type Packet } from 'mqtt';
import { onTestFinished } from 'vitest';
import {
  startInstance,
  type Instance,
  type InstanceEvent,
  type InstanceOptions,
  type NewUnit,
  type UnitRow,
} from '../../app/instance/index.ts';
import { baseTopics } from './documents.ts';
import { temporaryFolder, writeFiles, type Files } from './folder.ts';

const programSchema = {
  ...baseTopics,
  input_topic: ['set/pepeunit', 'plain_in'],
  output_topic: ['out/pepeunit', 'plain_out'],
};

export const programFiles = (more: Files = {}): Files => ({
  'env_example.json': JSON.stringify({ SPEED: 1, PUC_WIFI_SSID: '' }),
  'schema_example.json': JSON.stringify(programSchema),
  'main.py': 'print("one")\n',
  'lib/deep/fan.py': 'duty = 0\n',
  ...more,
});

/** A folder with a small unit in it. */
export const createProgramFolder = async (more: Files = {}): Promise<string> => {
  const folder = await temporaryFolder();
  await writeFiles(folder, programFiles(more));
  return folder;
};

/** An instance that stops with the test, and everything that it tells. */
export const startTestInstance = async (options: InstanceOptions = {}) => {
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
  const row = await instance.operator.createUnit({ name: 'fan', folder: await createProgramFolder(), ...more });
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
  readonly connack: IConnackPacket;
  isOpen(): boolean;
}

/** The client id of a unit, by its token: its UUID, and a suffix for all connections but one. */
export const clientIdOf = (token: string, suffix?: string): string => {
  const { uuid } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { uuid: string };
  return suffix === undefined ? uuid : `${uuid}-${suffix}`;
};

/** Connects a unit, `as` one of several; the connection ends with the test. */
export const connectUnit = async (
  url: string,
  token: string,
  { as, ...options }: IClientOptions & { as?: string } = {},
): Promise<Link> => {
  const client = connect(url, {
    username: token,
    password: '',
    clientId: clientIdOf(token, as),
    reconnectPeriod: 0,
    clean: true,
    ...options,
  });
  onTestFinished(() => client.endAsync(true));
  const connack = await new Promise<IConnackPacket>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('error', reject);
    client.once('close', () => reject(new Error('the connection ended before CONNACK')));
  });
  client.on('error', () => undefined);
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
    connack,
    isOpen: () => client.connected,
  };
};

/** The API, as somebody with a token. */
export const api =
  (instance: Instance, token: string | undefined) =>
  (method: string, route: string, body?: unknown): Promise<Response> =>
    fetch(`${instance.apiUrl}${route}`, {
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
export const startInstanceWithUnit = async () => {
  const { instance, of } = await startTestInstance();
  const unit = await addUnit(instance);
  return { instance, of, unit, operator: api(instance, instance.operator.token), own: api(instance, unit.token) };
};

export const json = async (response: Response | Promise<Response>): Promise<unknown> => (await response).json();

const main = path.resolve(import.meta.dirname, '../../dist/app/cli/main.js');

/** What `--json` prints. */
export interface Printed {
  readonly httpUrl: string;
  readonly apiUrl: string;
  readonly mqttUrl: string;
  readonly webSocketUrl: string;
  readonly domain: string;
  readonly operatorToken: string;
}

/** Runs the built command; what still runs at the end of the test is killed. */
export const startInstanceCommand = (...args: string[]) => {
  const child = spawn(process.execPath, [main, 'instance', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const errors: string[] = [];
  createInterface(child.stdout).on('line', (line) => lines.push(line));
  createInterface(child.stderr).on('line', (line) => errors.push(line));
  const ended = once(child, 'close').then(([code, signal]) => (signal ?? code) as number | NodeJS.Signals);
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return { child, lines, errors, ended };
};

import type { UnitRequest } from '../../../../machines/unit/context.ts';
import { commands } from '../../../../app/messaging/inbound/command.ts';
import { firstSecrets, laterSecrets } from './secrets.ts';
import { of, type Steps } from './step.ts';
import type { Subject } from './subject.ts';

const requests: readonly UnitRequest[] = [
  { type: 'settings.load' },
  { type: 'settings.refresh' },
  { type: 'schema.load' },
  { type: 'schema.refresh' },
  { type: 'time.sync' },
  { type: 'mqtt.connect' },
  { type: 'mqtt.disconnect' },
  { type: 'mqtt.resubscribe' },
  { type: 'wifi.connect' },
  { type: 'logger.sync' },
  { type: 'logger.toggle', sink: 'mqtt', enabled: false },
  { type: 'logger.toggle', sink: 'mqtt', enabled: true },
  { type: 'reporter.report' },
  { type: 'update.start', target: { commitVersion: 'second' } },
];

const times = [1, 100, 250, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 120_000, 600_000] as const;
/** An env as the instance would make it anew. */
const newEnv = ({ world: { http, storage } }: Subject, change: object): void => {
  const now = JSON.parse(storage.text('env.json') ?? '{}') as object;
  http.documents.env = { ...now, ...change };
};

const envChanges = [
  { ...laterSecrets },
  { PU_STATE_SEND_INTERVAL: 30 },
  { PU_MIN_LOG_LEVEL: 'Error' },
  { PU_MIN_LOG_LEVEL: 'Debug', PU_MAX_LOG_LENGTH: 4 },
  { PU_MQTT_HOST: 'elsewhere' },
  { PU_MQTT_HOST: 'localhost', PU_MQTT_PORT: 1884 },
  { PU_AUTH_TOKEN: 'no token' },
  { PU_COMMIT_VERSION: '' },
] as const;

const newSchema = ({ world: { http, storage } }: Subject, choice: number): void => {
  const now = JSON.parse(storage.text('schema.json') ?? '{}') as { input_topic?: object };
  const topics = [
    { ...now.input_topic, 'more/pepeunit': ['simulated.test/20000000-0000-4000-8000-000000000001/pepeunit'] },
    { 'other/pepeunit': ['simulated.test/20000000-0000-4000-8000-000000000002/pepeunit'] },
    {},
  ];
  http.documents.schema = choice % 4 === 3 ? { input_topic: 'none' } : { ...now, input_topic: of(topics, choice) };
};

/** What the app does. */
export const appSteps: Steps = {
  run: (subject) => subject.run(),
  stop: ({ client, track }) => track(client.stopMainCycle()),
  publish: (subject, choice) => subject.publish(`message ${subject.nextNumber()}`, choice % 2 === 0 ? 0 : 1),
  publishMany: (subject) => {
    for (let message = 0; message < 20; message += 1) subject.publish(`message ${subject.nextNumber()}`, 1);
  },
  request: ({ client: { actor } }, choice) => {
    if (actor.getSnapshot().status === 'active') actor.send(of(requests, choice));
  },
  subscribe: ({ client }, choice) => client.mqttClient.subscribeTopics([`extra/${choice % 3}`]),
  unsubscribe: ({ client }, choice) => client.mqttClient.unsubscribeTopics([`extra/${choice % 3}`]),
  connect: ({ client, track }) => track(client.mqttClient.connect({ timeoutMs: 5_000 })),
  disconnect: ({ client, track }) => track(client.mqttClient.disconnect()),
  performUpdate: ({ client, track }) => track(client.performUpdate()),
  restart: ({ client, track }) => track(client.restartDevice()),
  log: ({ client, nextNumber }, choice) =>
    client.logger.warning(`${of(['the fan runs', 'the door opens', 'it rains'], choice)} ${nextNumber()}`),
  logSecret: ({ client, nextNumber }) =>
    client.logger.error(`${nextNumber()} ${firstSecrets.PU_AUTH_TOKEN} ${firstSecrets.PUC_WIFI_PASS}`),
};

/** What the instance does. */
export const instanceSteps: Steps = {
  command: ({ world }, choice) => world.command(of(commands, choice)),
  update: ({ world }, choice) => world.command('update', { PU_COMMIT_VERSION: of(versions, choice) }),
  badCommand: ({ world: { broker } }, choice) => {
    const [topic] = broker.subscribes.at(-1)?.topics ?? [];
    if (topic !== undefined) broker.send(topic, of(badPayloads, choice));
  },
  message: ({ world: { broker } }, choice) => {
    const topic = broker.subscribes.at(-1)?.topics.at(-1);
    if (topic !== undefined) broker.send(topic, `message ${choice}`);
  },
  newEnv: (subject, choice) => newEnv(subject, of(envChanges, choice)),
  newSchema,
  newTarget: ({ world: { http } }, choice) => {
    http.documents.targetVersion = { commit: of(versions, choice), tag: null };
  },
};

const versions = ['first', 'second', 'third'];
const badPayloads = ['', '{', '{"COMMAND":"Nothing"}', '[]'];

/** Time goes by. */
export const timeSteps: Steps = { pass: ({ world }, choice) => world.advance(of(times, choice)) };

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { baseKeys } from '../../services/base-topics.ts';
import type { JsonObject } from '../../services/json.ts';

export const unitUuid = '0d7c3a52-6e0b-4a86-9d6f-4c1f0b6f2a11';

const base64url = (text: string) => Buffer.from(text).toString('base64url');

/** A unit's token; `claims` is its JSON as text, so that white space can be tried. */
export const tokenOf = (claims = JSON.stringify({ uuid: unitUuid, type: 'Unit' })): string =>
  `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(claims)}.c2lnbmF0dXJl`;

/** An env.json that can be used. */
export const envDocument = (changes: JsonObject = {}): JsonObject => ({
  PU_DOMAIN: '127.0.0.1:9',
  PU_HTTP_TYPE: 'http',
  PU_APP_PREFIX: '/pepeunit',
  PU_API_ACTUAL_PREFIX: '/api/v1',
  PU_MQTT_HOST: '127.0.0.1',
  PU_MQTT_PORT: 1883,
  PU_AUTH_TOKEN: tokenOf(),
  PU_COMMIT_VERSION: 'aaaa',
  ...changes,
});

const base = (section: 'input_base_topic' | 'output_base_topic') =>
  Object.fromEntries(baseTopics[section].map((key) => [key, [`unit.test/${section}/${unitUuid}/${key}`]]));

/** The base topics of a unit, as a version's schema_example.json lists them. */
export const baseTopics = baseKeys;

/** A schema_example.json: the base topics, one input and one output. */
export const exampleSchema = { ...baseTopics, input_topic: ['input/pepeunit'], output_topic: ['output/pepeunit'] };

/** A schema.json with every base topic, one input with an edge, and one output. */
export const schemaDocument = (changes: JsonObject = {}): JsonObject => ({
  input_base_topic: base('input_base_topic'),
  output_base_topic: base('output_base_topic'),
  input_topic: {
    'input/pepeunit': [
      'unit.test/11111111-1111-4111-8111-111111111111/pepeunit',
      'unit.test/22222222-2222-4222-8222-222222222222',
    ],
  },
  output_topic: { 'output/pepeunit': ['unit.test/33333333-3333-4333-8333-333333333333/pepeunit'] },
  ...changes,
});

/** The topic of a command. */
export const commandTopic = (name: string): string => `unit.test/input_base_topic/${unitUuid}/${name}/pepeunit`;

/** Writes an env.json and a schema.json that can be used into a folder. @returns The client's options that name its files. */
export const writeUnitDocuments = async (folder: string, env: JsonObject = {}) => {
  const paths = {
    envFilePath: join(folder, 'env.json'),
    schemaFilePath: join(folder, 'schema.json'),
    logFilePath: join(folder, 'log.json'),
  };
  await writeFile(paths.envFilePath, JSON.stringify(envDocument(env)));
  await writeFile(paths.schemaFilePath, JSON.stringify(schemaDocument()));
  return paths;
};

export type UnitPaths = Awaited<ReturnType<typeof writeUnitDocuments>>;

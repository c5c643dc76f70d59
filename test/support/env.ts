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

const base = (section: string, name: string): string[] => [`unit.test/${section}/${unitUuid}/${name}/pepeunit`];

/** A schema.json with every base topic, one input with an edge, and one output. */
export const schemaDocument = (changes: JsonObject = {}): JsonObject => ({
  input_base_topic: Object.fromEntries(
    ['update', 'env_update', 'schema_update', 'log_sync'].map((name) => [
      `${name}/pepeunit`,
      base('input_base_topic', name),
    ]),
  ),
  output_base_topic: Object.fromEntries(
    ['state', 'log'].map((name) => [`${name}/pepeunit`, base('output_base_topic', name)]),
  ),
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

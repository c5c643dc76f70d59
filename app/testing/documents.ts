import { baseKeys } from '../../services/base-topics.ts';
import type { JsonObject } from '../../services/json.ts';

/** The UUID of the unit of a test world. */
export const testUuid = '5e1f0c6a-0b1d-4b57-9a2e-6a0c8b1d7e42';

const domain = 'simulated.test';

const claims = (document: JsonObject): string => btoa(JSON.stringify(document)).replace(/=+$/, '');

/** The env that an instance would write for a unit, with variables of the unit's own. */
export const testEnv = (variables: object): JsonObject => ({
  PU_DOMAIN: domain,
  PU_HTTP_TYPE: 'https',
  PU_APP_PREFIX: '/pepeunit',
  PU_API_ACTUAL_PREFIX: '/api/v1',
  // A local broker needs no jitter: the unit reconnects soon.
  PU_MQTT_HOST: 'localhost',
  PU_AUTH_TOKEN: `${claims({ alg: 'HS256' })}.${claims({ uuid: testUuid, type: 'Unit' })}.c2ln`,
  PU_COMMIT_VERSION: 'first',
  ...variables,
});

const isListOfKeys = (keys: unknown): keys is readonly string[] => Array.isArray(keys);

/** The keys of a unit that is given no schema. */
export const defaultSchema: JsonObject = {
  ...baseKeys,
  input_topic: ['input/pepeunit'],
  output_topic: ['output/pepeunit'],
};

const nodeTopic = (node: number): string =>
  `${domain}/10000000-0000-4000-8000-${String(node).padStart(12, '0')}/pepeunit`;

/**
 * The schema that an instance would write for a unit: what stands as a list of keys, as in schema_example.json, gets a topic
 * for each key.
 */
export const testSchema = (given: JsonObject): JsonObject => {
  let nodes = 0;
  const topicOf = (section: string, key: string): string => {
    if (section.endsWith('_base_topic')) return `${domain}/${section}/${testUuid}/${key}`;
    nodes += 1;
    return nodeTopic(nodes);
  };
  return Object.fromEntries(
    Object.entries(given).map(([section, keys]) => [
      section,
      isListOfKeys(keys) ? Object.fromEntries(keys.map((key) => [key, [topicOf(section, key)]])) : keys,
    ]),
  );
};

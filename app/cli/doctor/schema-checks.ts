import { join } from 'node:path';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';
import {
  parseNextSchema,
  parseSchema,
  schemaSections,
  unlistedBaseTopics,
  type UnitSchema,
} from '../../../services/schema.ts';
import { check, type Check } from './check.ts';
import { findExample, requireDocument } from './documents.ts';
import { failed, ok, warning } from './finding.ts';

const fetchSchema = "Download the unit's schema from the instance, as schema.json.";

/** Checks that schema.json is there, and in the protocol's shape. */
export const schemaFileCheck = (folder: string, place: Check): Check<UnitSchema> =>
  check('schema.json', { place }, async () => {
    const found = await requireDocument(join(folder, 'schema.json'), fetchSchema);
    if (!('value' in found)) return found;
    const schema = parseSchema(found.value);
    const counts = schemaSections.map((section) => `${Object.keys(schema[section]).length} ${section}`);
    return ok(counts.join(', '), schema);
  });

/** Checks that the base topics are those of the token's unit. */
export const schemaOwnerCheck = (schema: Check<UnitSchema>, uuid: Check<string>) =>
  check('schema owner', { schema, uuid }, async ({ schema: given, uuid: unit }) => {
    const { input_base_topic: inputs, output_base_topic: outputs } = given;
    const topics = [...Object.values(inputs), ...Object.values(outputs)].flat();
    const foreign = topics.find((topic) => topic.split('/')[2]?.toLowerCase() !== unit.toLowerCase());
    if (foreign !== undefined) {
      return failed(
        `schema.json belongs to another unit than the token's, which is ${unit}: ${foreign}.`,
        'Download schema.json and env.json of one and the same unit from the instance.',
      );
    }
    parseNextSchema(given, unit);
    return ok("its base topics are the token's unit's", undefined);
  });

/** The keys that an example lists in a section: a list of keys, or an object of them. */
const keysIn = (example: JsonObject, section: string): string[] => {
  const listed = example[section];
  if (Array.isArray(listed)) return listed.filter((key) => typeof key === 'string');
  return isJsonObject(listed) ? Object.keys(listed) : [];
};

const meanings: Readonly<Record<string, string>> = {
  'update/pepeunit': 'the unit takes no updates',
  'env_update/pepeunit': 'a new env does not reach it by itself',
  'schema_update/pepeunit': 'a new schema does not reach it by itself',
  'log_sync/pepeunit': 'nobody can ask for its log',
  'reset/pepeunit': 'nobody can restart it',
  'state/pepeunit': 'its state and version are not reported',
  'log/pepeunit': 'its log is not sent',
};

/** Compares the topic keys with those of schema_example.json, and says what base topics that are missing mean. */
export const topicKeysCheck = (folder: string, schema: Check<UnitSchema>) =>
  check('topic keys', { schema }, async ({ schema: given }) => {
    const found = await findExample(folder, 'schema_example.json');
    if (found.result === 'failed') return found;
    const example = found.result === 'ok' ? found.value : undefined;
    const wanted = example
      ? schemaSections.flatMap((section) => keysIn(example, section).map((key) => [section, key] as const))
      : [];
    const missing = wanted.filter(([section, key]) => given[section][key] === undefined).map(([, key]) => key);
    if (missing.length > 0) {
      return failed(
        `schema.json lacks ${missing.join(', ')}, which schema_example.json lists.`,
        'Download the schema from the instance again; where it lacks them there too, update the unit to this version.',
      );
    }
    const unlisted = unlistedBaseTopics(given);
    const note = unlisted.map((key) => `${key} (${meanings[key]})`).join(', ');
    if (unlisted.length === 0) return ok(example ? 'as schema_example.json lists them' : 'all base topics', undefined);
    if (example) return ok(`as schema_example.json lists them: without ${note}`, undefined);
    return warning(
      `schema.json has no base topic for ${note}.`,
      "List what the unit needs in its repository's schema_example.json, and download the schema again.",
      undefined,
    );
  });

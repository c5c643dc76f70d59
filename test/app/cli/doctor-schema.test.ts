import { afterAll, beforeAll } from 'vitest';
import type { JsonObject } from '../../../services/json.ts';
import { tokenOf } from '../../support/documents.ts';
import { startClinic, testRows, type Clinic, type Row } from '../../support/doctored-unit.ts';

let clinic: Clinic;
beforeAll(async () => {
  clinic = await startClinic();
});
afterAll(() => clinic.stop());

const withoutKey = (section: string, key: string) => (given: Clinic) => {
  const { [key]: _, ...keys } = given.schema[section] as JsonObject;
  return { 'schema.json': JSON.stringify({ ...given.schema, [section]: keys }) };
};

const rows: readonly Row[] = [
  {
    what: 'the token of another unit',
    env: () => ({ PU_AUTH_TOKEN: tokenOf() }),
    check: 'schema owner',
    says: /schema\.json belongs to another unit than the token's, which is 0d7c3a52/,
    helps: /env\.json of one and the same unit/,
  },
  {
    what: 'no schema.json',
    files: () => ({ 'schema.json': undefined }),
    check: 'schema.json',
    says: /schema\.json does not exist/,
    helps: /Download the unit's schema/,
    skips: ['schema owner', 'topic keys', 'topics', 'publishing'],
  },
  {
    what: 'a schema.json with a comment',
    files: () => ({ 'schema.json': '{\n  // inputs\n  "input_topic": {}\n}' }),
    check: 'schema.json',
    says: /line 2, column 3: JSON has no comments/,
    helps: /Correct it there/,
  },
  {
    what: 'a schema.json without a section',
    files: () => ({ 'schema.json': '{"input_topic":{}}' }),
    check: 'schema.json',
    says: /input_base_topic must be an object of topic keys/,
    helps: /Download the schema from the instance again/,
  },
  {
    what: 'a key of schema_example.json that is missing',
    files: withoutKey('output_topic', 'out/pepeunit'),
    check: 'topic keys',
    says: /schema\.json lacks out\/pepeunit, which schema_example\.json lists/,
    helps: /Download the schema from the instance again/,
  },
  {
    what: 'a base topic that is missing, without an example',
    files: (given) => ({
      ...withoutKey('input_base_topic', 'update/pepeunit')(given),
      'schema_example.json': undefined,
    }),
    check: 'topic keys',
    says: /no base topic for update\/pepeunit \(the unit takes no updates\)/,
    helps: /schema_example\.json/,
    result: 'warning',
  },
];

testRows(() => clinic, rows);

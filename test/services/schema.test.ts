import { expect, test } from 'vitest';
import { parseNextSchema, parseSchema, subscribedTopics, unlistedBaseTopics } from '../../services/schema.ts';
import type { JsonObject } from '../../services/json.ts';
import { commandTopic, schemaDocument, unitUuid } from '../support/documents.ts';

test('every base topic and input topic is subscribed to, base topics first, each once', () => {
  const twice = schemaDocument({ input_topic: { a: ['d/1', 'd/2'], b: ['d/2'] } });
  expect(subscribedTopics(parseSchema(twice))).toEqual([
    ...['update', 'env_update', 'schema_update', 'log_sync', 'reset'].map(commandTopic),
    'd/1',
    'd/2',
  ]);
});

test.each<[string, JsonObject]>([
  ['a section is missing', { output_topic: null }],
  ['a section is a list', { input_topic: [] }],
  ['topics are no list', { input_topic: { a: 'd/1' } }],
  ['a topic is no text', { input_topic: { a: [1] } }],
  ['a topic is empty', { input_topic: { a: [''] } }],
  ['a topic is a wildcard', { input_topic: { a: ['d/#'] } }],
])('is refused when %s', (_, changes) => {
  expect(() => parseSchema(schemaDocument(changes))).toThrow(
    expect.objectContaining({ name: 'SchemaError', code: 'invalid' }),
  );
});

test.each([[[1]], ['x'], [null], ['<html>']])('is refused when it is %j', (document) => {
  expect(() => parseSchema(document)).toThrow(expect.objectContaining({ name: 'SchemaError', code: 'malformed' }));
});

test('keys reach no prototype (C8)', () => {
  const schema = parseSchema(schemaDocument({ input_topic: JSON.parse('{"__proto__":["d/1"],"toString":["d/2"]}') }));
  expect(Object.keys(schema.input_topic)).toEqual(['__proto__', 'toString']);
  expect(schema.output_topic['toString']).toBeUndefined();
});

const base = schemaDocument()['output_base_topic'] as JsonObject;
const [stateTopic] = base['state/pepeunit'] as string[];

test.each<[string, JsonObject]>([
  ['every base topic', {}],
  ['no base topics', { input_base_topic: {}, output_base_topic: {} }],
  ['some of them', { output_base_topic: { 'state/pepeunit': [stateTopic ?? ''] } }],
])('a schema that is about to take the place of the one in force may list %s (U3)', (_, changes) => {
  expect(parseNextSchema(schemaDocument(changes), unitUuid)).toEqual(parseSchema(schemaDocument(changes)));
});

test('the base topics that a schema does not list are named', () => {
  const { input_base_topic: inputs } = parseSchema(schemaDocument());
  const few = schemaDocument({
    input_base_topic: { ...inputs, 'log_sync/pepeunit': [] },
    output_base_topic: { 'state/pepeunit': [stateTopic ?? ''] },
  });
  expect(unlistedBaseTopics(parseSchema(few))).toEqual(['log_sync/pepeunit', 'log/pepeunit']);
});

test.each<[string, JsonObject]>([
  ['has none for a key', { output_base_topic: { ...base, 'log/pepeunit': [] } }],
  ['has two for a key', { output_base_topic: { ...base, 'log/pepeunit': [stateTopic ?? '', stateTopic ?? ''] } }],
  [
    'is of another unit',
    { output_base_topic: { ...base, 'log/pepeunit': ['d/output_base_topic/other/log/pepeunit'] } },
  ],
  ['mixes the sections', { output_base_topic: { ...base, 'log/pepeunit': [commandTopic('update')] } }],
])('one that %s is refused, naming where (U3)', (_, changes) => {
  expect(() => parseNextSchema(schemaDocument(changes), unitUuid)).toThrow(
    expect.objectContaining({ name: 'SchemaError', code: 'invalid', message: expect.stringContaining('base_topic') }),
  );
});

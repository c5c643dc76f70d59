import { expect, test } from 'vitest';
import { parseSchema, subscribedTopics } from '../../services/schema.ts';
import type { JsonObject } from '../../services/json.ts';
import { commandTopic, schemaDocument } from '../support/env.ts';

test('every base topic and input topic is subscribed to, base topics first, each once', () => {
  const twice = schemaDocument({ input_topic: { a: ['d/1', 'd/2'], b: ['d/2'] } });
  expect(subscribedTopics(parseSchema(twice))).toEqual([
    ...['update', 'env_update', 'schema_update', 'log_sync'].map(commandTopic),
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

import { expect, test } from 'vitest';
import { InboundTopics } from '../../../../app/messaging/inbound/topics.ts';
import { parseSchema } from '../../../../services/schema.ts';
import { commandTopic, schemaDocument } from '../../../support/documents.ts';

const own = 'unit.test/11111111-1111-4111-8111-111111111111/pepeunit';
const linked = 'unit.test/22222222-2222-4222-8222-222222222222';
const output = 'unit.test/33333333-3333-4333-8333-333333333333/pepeunit';

const topicsWith = (extra: readonly string[], sections = {}) => {
  const topics = new InboundTopics(() => extra);
  topics.route(parseSchema(schemaDocument(sections)));
  return topics;
};

test('a topic has the key that lists it, and a command its command', () => {
  const topics = topicsWith([]);
  expect(topics.roleOf(own)).toMatchObject({ keys: ['input/pepeunit'], command: undefined });
  expect(topics.roleOf(linked)).toMatchObject({ keys: ['input/pepeunit'], command: undefined });
  expect(topics.roleOf(commandTopic('env_update'))).toMatchObject({
    keys: ['env_update/pepeunit'],
    command: 'env_update',
  });
});

test('a topic of several keys has them in the order of the schema, inputs before outputs', () => {
  const input_topic = { 'a/pepeunit': [own, output], 'вентилятор/pepeunit': [output], __proto__: [output] };
  const topics = topicsWith([], { input_topic });
  expect(topics.roleOf(output)?.keys).toEqual(['a/pepeunit', 'вентилятор/pepeunit', 'output/pepeunit']);
});

test('an input that is linked to a command topic of the unit obeys it as before, under both keys (C13)', () => {
  const command = commandTopic('update');
  const topics = topicsWith([], { input_topic: { 'spy/pepeunit': [command] } });
  expect(topics.roleOf(command)).toMatchObject({ keys: ['update/pepeunit', 'spy/pepeunit'], command: 'update' });
});

test('only the first topic of a command carries it (C13)', () => {
  const input_base_topic = { 'update/pepeunit': [commandTopic('update'), 'unit.test/other'] };
  const topics = topicsWith([], { input_base_topic });
  expect(topics.roleOf('unit.test/other')).toMatchObject({ keys: ['update/pepeunit'], command: undefined });
});

test('what is not subscribed to has no role, also an output and a name of an object', () => {
  const topics = topicsWith([]);
  expect([output, 'unit.test/nobody', 'constructor', ''].map((topic) => topics.roleOf(topic))).toEqual(
    Array(4).fill(undefined),
  );
});

test.each(['unit.test/news/today', 'unit.test/#', 'unit.test/+/today', '$share/fans/unit.test/news/today'])(
  'what the app subscribes to itself by %s comes without a key',
  (filter) => {
    const topics = topicsWith([filter]);
    expect(topics.roleOf('unit.test/news/today')).toMatchObject({ keys: [], command: undefined });
    expect(topics.roleOf('other.test/news/today')).toBeUndefined();
  },
);

test('an output that the app subscribes to itself has its key, and loses it with the subscription', () => {
  let extra = [output];
  const topics = new InboundTopics(() => extra);
  topics.route(parseSchema(schemaDocument()));
  expect(topics.roleOf(output)?.keys).toEqual(['output/pepeunit']);
  extra = [];
  expect(topics.roleOf(output)).toBeUndefined();
});

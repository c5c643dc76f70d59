import { expect, test } from 'vitest';
import { createSchemaManager, SearchScope, SearchTopicType } from '../../../app/client/api/schema.ts';
import { parseSchema } from '../../../services/schema.ts';
import { commandTopic, schemaDocument } from '../../support/documents.ts';

const nothing = async (): Promise<void> => undefined;
const requests = { load: nothing, update: nothing };

const { FullName, UnitNodeUuid } = SearchTopicType;
const own = '11111111-1111-4111-8111-111111111111';
const linked = '22222222-2222-4222-8222-222222222222';
const output = '33333333-3333-4333-8333-333333333333';

const managed = () => {
  const { schema, adopt } = createSchemaManager(requests);
  adopt(parseSchema(schemaDocument()));
  return schema();
};

test.each([
  ['its own node', own, UnitNodeUuid, SearchScope.All, 'input/pepeunit'],
  ['a linked node', linked, UnitNodeUuid, SearchScope.Input, 'input/pepeunit'],
  ['an output node', output, UnitNodeUuid, SearchScope.Output, 'output/pepeunit'],
  ['an output node in all', output, UnitNodeUuid, SearchScope.All, 'output/pepeunit'],
  ['an output node among inputs', output, UnitNodeUuid, SearchScope.Input, undefined],
  ['a topic of two segments', `unit.test/${linked}`, FullName, SearchScope.All, 'input/pepeunit'],
  ['a topic of three segments', `unit.test/${own}/pepeunit`, FullName, SearchScope.Input, 'input/pepeunit'],
  ['a base topic in all', commandTopic('update'), FullName, SearchScope.All, undefined],
  ['a base topic in everything', commandTopic('update'), FullName, SearchScope.Everything, 'update/pepeunit'],
  ['a name of Object.prototype', 'constructor', FullName, SearchScope.All, undefined],
])('finds %s', (_, value, type, scope, key) => {
  expect(managed().findTopicByUnitNode(value, type, scope)).toBe(key);
});

test('input topics come first where both have a node', () => {
  const { schema, adopt } = createSchemaManager(requests);
  adopt(parseSchema(schemaDocument({ output_topic: { late: [`unit.test/${own}`] } })));
  expect(schema().findTopicByUnitNode(own, UnitNodeUuid)).toBe('input/pepeunit');
});

test('shows the four sections, empty before a schema is loaded', () => {
  const schema = createSchemaManager(requests).schema();
  expect([schema.inputBaseTopic, schema.outputBaseTopic, schema.inputTopic, schema.outputTopic]).toEqual([
    {},
    {},
    {},
    {},
  ]);
  expect(schema.outputTopic['toString']).toBeUndefined();
  expect(Object.keys(managed().outputBaseTopic)).toEqual(['state/pepeunit', 'log/pepeunit']);
});

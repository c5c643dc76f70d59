import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../services/json.ts';
import type { NodeDocument, SchemaExample, UnitDocument, VisibilityLevel } from '../store/documents.ts';
import { versionOf } from './env.ts';
import type { Store } from '../store/store.ts';
import { baseTopic, nodeTopic } from './topics.ts';

const baseSection = (
  domain: string,
  unit: UnitDocument,
  section: 'input_base_topic' | 'output_base_topic',
): [string, JsonObject] => {
  const keys = versionOf(unit, unit.targetCommit).schemaExample[section];
  return [section, Object.fromEntries(keys.map((key) => [key, [baseTopic(domain, section, unit, key)]]))];
};

const nodeSection = (store: Store, domain: string, nodes: readonly NodeDocument[]): JsonObject =>
  Object.fromEntries(
    nodes.map((node) => {
      const sources = node.sources
        .map(({ output }) => store.node(output)?.node)
        .filter((source) => source !== undefined);
      return [node.topicName, [node, ...sources].map((source) => nodeTopic(domain, source))];
    }),
  );

/** Builds a unit's schema.json. An Input's topics are its own, then those of the Outputs linked to it. */
export const buildSchema = (store: Store, domain: string, unit: UnitDocument): JsonObject => {
  const ofType = (type: NodeDocument['type']) => unit.nodes.filter((node) => node.type === type);
  return Object.fromEntries([
    baseSection(domain, unit, 'input_base_topic'),
    baseSection(domain, unit, 'output_base_topic'),
    ['input_topic', nodeSection(store, domain, ofType('Input'))],
    ['output_topic', nodeSection(store, domain, ofType('Output'))],
  ]);
};

const freshNode = (type: NodeDocument['type'], topicName: string, visibilityLevel: VisibilityLevel): NodeDocument => ({
  uuid: randomUUID(),
  type,
  topicName,
  visibilityLevel,
  isRewritableInput: false,
  maxConnections: 10,
  created: new Date().toISOString(),
  sources: [],
});

/** Builds the nodes of a schema: existing ones stay, with their links; missing ones are created, all others dropped. */
export const nodesFor = (
  schema: SchemaExample,
  existing: readonly NodeDocument[],
  visibilityLevel: VisibilityLevel,
): NodeDocument[] => {
  const pick = (type: NodeDocument['type'], keys: readonly string[]) =>
    keys.map(
      (key) =>
        existing.find((node) => node.type === type && node.topicName === key) ?? freshNode(type, key, visibilityLevel),
    );
  return [...pick('Input', schema.input_topic), ...pick('Output', schema.output_topic)];
};

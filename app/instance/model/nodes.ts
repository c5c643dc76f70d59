import { randomUUID } from 'node:crypto';
import { announceSchema } from './commands.ts';
import type { Core } from './core.ts';
import type { NodeDocument, UnitDocument, VisibilityLevel } from '../store/documents.ts';
import { invalid, notFound } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { nodeTopic } from './topics.ts';
import { nodeRow, type NodeRow } from './rows.ts';

/** A link between two nodes. */
export interface EdgeRow {
  /** UUID of the link. */
  readonly uuid: string;
  /** UUID of the Output. */
  readonly node_output_uuid: string;
  /** UUID of the Input. */
  readonly node_input_uuid: string;
}

/** Settings of a node that an operator may change. */
export interface NodeChanges {
  /** Who may see the node. */
  readonly visibility_level?: VisibilityLevel | undefined;
  /** Whether other units may set this Input's state over REST. */
  readonly is_rewritable_input?: boolean | undefined;
  /** Most links to other nodes. */
  readonly max_connections?: number | undefined;
}

/** Finds a node and its unit. @throws {InstanceError} `notFound` */
export const requireNode = (store: Store, uuid: string): { unit: UnitDocument; node: NodeDocument } => {
  const found = store.node(uuid);
  if (!found) throw notFound(`There is no unit node ${uuid}. Look it up in the unit's schema.`);
  return found;
};

const requireType = (store: Store, uuid: string, type: NodeDocument['type']) => {
  const found = requireNode(store, uuid);
  if (found.node.type !== type) throw invalid(`This Node UUID is not ${type}`, 'node');
  return found;
};

const replaceNode = (unit: UnitDocument, node: NodeDocument): UnitDocument => ({
  ...unit,
  nodes: unit.nodes.map((candidate) => (candidate.uuid === node.uuid ? node : candidate)),
});

const countReaders = (store: Store, output: string): number =>
  store
    .units()
    .flatMap(({ nodes }) => nodes)
    .filter(({ sources }) => sources.some((source) => source.output === output)).length;

const checkEdge = (store: Store, output: NodeDocument, input: NodeDocument): void => {
  if (input.sources.some((source) => source.output === output.uuid)) {
    throw invalid('These two unit nodes are linked already.', 'node');
  }
  if (input.sources.length >= input.maxConnections) {
    throw invalid(
      `The input ${input.uuid} has its ${input.maxConnections} links already. Raise max_connections.`,
      'node',
    );
  }
  if (countReaders(store, output.uuid) >= output.maxConnections) {
    throw invalid(
      `The output ${output.uuid} has its ${output.maxConnections} links already. Raise max_connections.`,
      'node',
    );
  }
};

/**
 * Links an Output to an Input: adds the Output's topic to the Input's schema, and sends its unit `SchemaUpdate`.
 *
 * @throws {InstanceError} `notFound`; `invalid` for the wrong types, a second link of the same two, or too many links
 */
export const createEdge = async (core: Core, outputUuid: string, inputUuid: string): Promise<EdgeRow> => {
  const { store } = core;
  const output = requireType(store, outputUuid, 'Output').node;
  const { unit, node } = requireType(store, inputUuid, 'Input');
  checkEdge(store, output, node);
  const uuid = randomUUID();
  const linked = replaceNode(unit, { ...node, sources: [...node.sources, { uuid, output: outputUuid }] });
  await store.putUnit(linked);
  await announceSchema(core, linked);
  return { uuid, node_output_uuid: outputUuid, node_input_uuid: inputUuid };
};

/** Removes a link, and sends the Input's unit `SchemaUpdate`. @throws {InstanceError} `notFound` */
export const deleteEdge = async (core: Core, outputUuid: string, inputUuid: string): Promise<void> => {
  const { unit, node } = requireType(core.store, inputUuid, 'Input');
  const sources = node.sources.filter(({ output }) => output !== outputUuid);
  if (sources.length === node.sources.length) throw notFound('These two unit nodes are not linked.');
  const unlinked = replaceNode(unit, { ...node, sources });
  await core.store.putUnit(unlinked);
  await announceSchema(core, unlinked);
};

/**
 * Publishes a text on an Input's own topic; null clears its value and publishes nothing.
 *
 * @throws {InstanceError} `notFound`; `invalid` for an Output
 */
export const setStateInput = async (core: Core, uuid: string, state: string | null): Promise<NodeRow> => {
  const { unit, node } = requireType(core.store, uuid, 'Input');
  core.store.putValue(uuid, { text: state, at: new Date().toISOString() });
  if (state !== null) await core.publish(nodeTopic(core.address.domain, node), state);
  return nodeRow(core.store, unit, node);
};

/** Changes a node's settings. @throws {InstanceError} `notFound`; `invalid` for a value out of range */
export const updateNode = async ({ store }: Core, uuid: string, changes: NodeChanges): Promise<NodeRow> => {
  const { unit, node } = requireNode(store, uuid);
  const maxConnections = changes.max_connections ?? node.maxConnections;
  if (!Number.isInteger(maxConnections) || maxConnections < 1) {
    throw invalid('max_connections must be at least 1', 'node');
  }
  if (changes.is_rewritable_input === true) requireType(store, uuid, 'Input');
  const changed: NodeDocument = {
    ...node,
    maxConnections,
    visibilityLevel: changes.visibility_level ?? node.visibilityLevel,
    isRewritableInput: changes.is_rewritable_input ?? node.isRewritableInput,
  };
  await store.putUnit(replaceNode(unit, changed));
  return nodeRow(store, unit, changed);
};

import type { NodeDocument, UnitDocument } from '../store/documents.ts';
import type { Command } from './events.ts';

const suffix = '/pepeunit';

/** A parsed topic: a unit's base topic, or a node's. */
export type Topic =
  | { readonly kind: 'base'; readonly section: string; readonly unit: string; readonly key: string }
  | { readonly kind: 'node'; readonly node: string };

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isUuid = (text: unknown): text is string => typeof text === 'string' && uuidPattern.test(text);

/**
 * Parses a topic of this instance.
 *
 * @returns `undefined` for a topic of another domain or shape, wildcards included.
 */
export const parseTopic = (domain: string, topic: string): Topic | undefined => {
  const [first, second, third, fourth, fifth, ...rest] = topic.split('/');
  if (first !== domain || second === undefined || rest.length > 0) return undefined;
  if (fifth !== undefined && fourth !== undefined) {
    const isBase = second === 'input_base_topic' || second === 'output_base_topic';
    if (!isBase || !isUuid(third) || fifth !== 'pepeunit') return undefined;
    return { kind: 'base', section: second, unit: third, key: `${fourth}${suffix}` };
  }
  if (fourth !== undefined || !isUuid(second)) return undefined;
  return third === undefined || third === 'pepeunit' ? { kind: 'node', node: second } : undefined;
};

/** Builds the topic of a node: two segments, or three when its key ends in `/pepeunit`. */
export const nodeTopic = (domain: string, node: NodeDocument): string =>
  `${domain}/${node.uuid}${node.topicName.endsWith(suffix) ? suffix : ''}`;

/** Builds the topic of a base key, `DOMAIN/SECTION/UNIT/NAME/pepeunit`. */
export const baseTopic = (domain: string, section: string, unit: UnitDocument, key: string): string =>
  `${domain}/${section}/${unit.uuid}/${key}`;

/** Base key of each command. */
export const commandKeys: Readonly<Record<Command, string>> = {
  Update: 'update/pepeunit',
  EnvUpdate: 'env_update/pepeunit',
  SchemaUpdate: 'schema_update/pepeunit',
  LogSync: 'log_sync/pepeunit',
  Reset: 'reset/pepeunit',
};

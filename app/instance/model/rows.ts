import type { Unit, UnitNode } from '../../../services/rest.ts';
import type { LogDocument, NodeDocument, UnitDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { maySeeNode, maySeeUnit, type Agent } from './access.ts';
import { overdue } from './state-reports.ts';

/** A node as the REST API shows it. */
export interface NodeRow extends UnitNode {
  readonly data_pipe_yml: null;
  readonly data_pipe_status: null;
  readonly data_pipe_error: null;
}

/** A unit as the REST API shows it. */
export interface UnitRow extends Unit {
  readonly unit_nodes: readonly NodeRow[];
  readonly last_firmware_update_datetime: string | null;
}

export const nodeRow = (store: Store, unit: UnitDocument, node: NodeDocument): NodeRow => {
  const value = store.value(node.uuid);
  return {
    uuid: node.uuid,
    type: node.type,
    visibility_level: node.visibilityLevel,
    is_rewritable_input: node.isRewritableInput,
    max_connections: node.maxConnections,
    topic_name: node.topicName,
    state: value?.text ?? null,
    unit_uuid: unit.uuid,
    creator_uuid: store.identity?.operatorUuid ?? '',
    create_datetime: node.created,
    last_update_datetime: value?.at ?? node.created,
    is_data_pipe_active: false,
    data_pipe_yml: null,
    data_pipe_status: null,
    data_pipe_error: null,
  };
};

/** Builds a unit's row with some of its nodes. @param nowMs Unix milliseconds; an overdue update shows as failed. */
export const unitRow = (store: Store, unit: UnitDocument, nodes: readonly NodeDocument[], nowMs: number): UnitRow => {
  const update = overdue(unit, nowMs);
  return {
    uuid: unit.uuid,
    name: unit.name,
    visibility_level: unit.visibilityLevel,
    create_datetime: unit.created,
    last_update_datetime: unit.updated,
    is_auto_update_from_repo_unit: false,
    repo_branch: 'main',
    repo_commit: unit.targetCommit,
    current_commit_version: unit.currentCommit,
    unit_state: unit.state,
    firmware_update_status: update?.status ?? null,
    firmware_update_error: update?.error ?? null,
    last_firmware_update_datetime: update?.status === 'RequestSent' ? new Date(update.requested).toISOString() : null,
    creator_uuid: store.identity?.operatorUuid ?? '',
    repo_uuid: unit.uuid,
    unit_nodes: nodes.map((node) => nodeRow(store, unit, node)),
  };
};

/** Limit and offset of a list's page. */
export interface PageOf {
  readonly limit: number;
  readonly offset: number;
}

/** Filter, order and page of a list of units. */
export interface UnitQuery extends PageOf {
  readonly withNodes: boolean;
  /** Only units that own one of these nodes; every unit when empty. */
  readonly nodeUuids: readonly string[];
  readonly orderByName: 'asc' | 'desc';
}

const page = <T>(rows: readonly T[], { limit, offset }: PageOf): readonly T[] => rows.slice(offset, offset + limit);

const newestFirst = <T extends { readonly created: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => b.created.localeCompare(a.created));

/** Lists the Input nodes linked to an Output, or every node without one: those that the agent may see, newest first. */
export const listNodes = (store: Store, agent: Agent, output: string | undefined, paging: PageOf) => {
  const isWanted = (node: NodeDocument) =>
    output === undefined || node.sources.some((source) => source.output === output);
  const isVisible = (node: NodeDocument) => agent.type === 'User' || maySeeNode(store, agent.uuid, node.uuid);
  const nodes = store.units().flatMap((unit) => unit.nodes.filter((node) => isWanted(node) && isVisible(node)));
  const rows = page(newestFirst(nodes), paging).map((node): NodeRow | undefined => {
    const unit = store.node(node.uuid)?.unit;
    return unit && nodeRow(store, unit, node);
  });
  return { count: nodes.length, unit_nodes: rows.filter((row) => row !== undefined) };
};

const wantedNodes = (unit: UnitDocument, { withNodes, nodeUuids }: UnitQuery): readonly NodeDocument[] => {
  if (!withNodes) return [];
  return nodeUuids.length === 0 ? unit.nodes : unit.nodes.filter(({ uuid }) => nodeUuids.includes(uuid));
};

/** Lists the units that the agent may see, by name and then newest first. */
export const listUnits = (store: Store, agent: Agent, query: UnitQuery) => {
  const owns = ({ nodes }: UnitDocument) =>
    query.nodeUuids.length === 0 || nodes.some(({ uuid }) => query.nodeUuids.includes(uuid));
  const sign = query.orderByName === 'asc' ? 1 : -1;
  const units = newestFirst(store.units().filter((unit) => maySeeUnit(agent, unit) && owns(unit))).toSorted(
    (a, b) => sign * a.name.localeCompare(b.name),
  );
  const rows = page(units, query).map((unit): UnitRow => unitRow(store, unit, wantedNodes(unit, query), Date.now()));
  return { count: units.length, units: rows };
};

/** Filter, order and page of a log. */
export interface LogQuery extends PageOf {
  /** Only these levels; every level when empty. */
  readonly levels: readonly string[];
  readonly order: 'asc' | 'desc';
}

/** A log entry as the REST API shows it. */
export interface LogRow extends LogDocument {
  readonly unit_uuid: string;
}

/** Lists a unit's log by the entries' own times; entries of the same time keep the order of arrival. */
export const listLogs = (store: Store, unit: string, query: LogQuery) => {
  const entries = store.logs(unit).filter(({ level }) => query.levels.length === 0 || query.levels.includes(level));
  const oldestFirst = entries.toSorted((a, b) => a.create_datetime.localeCompare(b.create_datetime));
  const ordered = query.order === 'asc' ? oldestFirst : oldestFirst.toReversed();
  const rows = page(ordered, query).map((entry): LogRow => ({ ...entry, unit_uuid: unit }));
  return { count: entries.length, unit_logs: rows };
};

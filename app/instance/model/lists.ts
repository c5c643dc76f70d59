import { maySeeNode, maySeeUnit } from './access.ts';
import type { LogDocument, NodeDocument, UnitDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import type { Agent } from './tokens.ts';
import { nodeRow, unitRow, type NodeRow, type UnitRow } from './rows.ts';

/** A page of a list. */
export interface PageOf {
  readonly limit: number;
  readonly offset: number;
}

/** How a list of units is asked for. */
export interface UnitQuery extends PageOf {
  readonly withNodes: boolean;
  /** Only units that own one of these nodes; every unit when empty. */
  readonly nodeUuids: readonly string[];
  readonly orderByName: 'asc' | 'desc';
}

const page = <T>(rows: readonly T[], { limit, offset }: PageOf): readonly T[] => rows.slice(offset, offset + limit);

const newestFirst = <T extends { readonly created: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => b.created.localeCompare(a.created));

/** The Input nodes linked to an Output that the agent may see, newest first; every node when no Output is named. */
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

/** The units that the agent may see, by name and then newest first. */
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

/** How a log is asked for. */
export interface LogQuery extends PageOf {
  /** Only these levels; every level when empty. */
  readonly levels: readonly string[];
  readonly order: 'asc' | 'desc';
}

/** An entry's row. */
export interface LogRow extends LogDocument {
  readonly unit_uuid: string;
}

/** A unit's log by its entries' own times; entries of one time stay in the order they came. */
export const listLogs = (store: Store, unit: string, query: LogQuery) => {
  const entries = store.logs(unit).filter(({ level }) => query.levels.length === 0 || query.levels.includes(level));
  const oldestFirst = entries.toSorted((a, b) => a.create_datetime.localeCompare(b.create_datetime));
  const ordered = query.order === 'asc' ? oldestFirst : oldestFirst.toReversed();
  const rows = page(ordered, query).map((entry): LogRow => ({ ...entry, unit_uuid: unit }));
  return { count: entries.length, unit_logs: rows };
};

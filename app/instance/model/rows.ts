import type { Unit, UnitNode } from '../../../services/rest.ts';
import type { LogDocument, NodeDocument, UnitDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';
import { maySeeNodeRow, maySeeUnit, type Agent } from './access.ts';
import { overdue } from './state-reports.ts';

/** A node as the REST API shows it. */
export interface NodeRow extends UnitNode {
  /** Settings of the data pipe; always empty, as this instance has none. */
  readonly data_pipe_yml: string;
  /** State of the data pipe; always `Inactive`. */
  readonly data_pipe_status: string;
  /** Failure of the data pipe; always `null`. */
  readonly data_pipe_error: null;
}

/** A unit as the REST API shows it. */
export interface UnitRow extends Unit {
  /** Its Inputs and Outputs; the `topic_name` of each is its key in schema_example.json. */
  readonly unit_nodes: readonly NodeRow[];
  /** When the update under way was asked for, ISO 8601; `null` while none is. */
  readonly last_firmware_update_datetime: string | null;
  /** Platform of a compiled unit; `null` for any other. */
  readonly target_firmware_platform: string | null;
}

/** A time as the platform writes it: UTC to the microsecond, without a zone. */
export const naiveUtc = (iso: string): string =>
  iso.replace(/(\.\d{3})?Z$/, (_, fraction = '.000') => `${fraction}000`);

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
    create_datetime: naiveUtc(node.created),
    last_update_datetime: naiveUtc(value?.at ?? node.created),
    is_data_pipe_active: false,
    data_pipe_yml: '',
    data_pipe_status: 'Inactive',
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
    create_datetime: naiveUtc(unit.created),
    last_update_datetime: naiveUtc(unit.updated),
    is_auto_update_from_repo_unit: true,
    repo_branch: null,
    repo_commit: null,
    current_commit_version: unit.currentCommit,
    unit_state: unit.state,
    firmware_update_status: update?.status ?? null,
    firmware_update_error: update?.error ?? null,
    last_firmware_update_datetime:
      update?.status === 'RequestSent' ? naiveUtc(new Date(update.requested).toISOString()) : null,
    target_firmware_platform: isCompiled(unit) ? 'linux' : null,
    creator_uuid: store.identity?.operatorUuid ?? '',
    repo_uuid: unit.uuid,
    unit_nodes: nodes.map((node) => nodeRow(store, unit, node)),
  };
};

const isCompiled = ({ versions, targetCommit }: UnitDocument): boolean =>
  versions.findLast(({ commit }) => commit === targetCommit)?.compiledFirmwareLink !== null;

/** Limit and offset of a list's page. */
export interface PageOf {
  /** Most entries of the page. */
  readonly limit: number;
  /** Entries to pass over. */
  readonly offset: number;
}

/** Filter, order and page of a list of units. */
export interface UnitQuery extends PageOf {
  /** Whether each row has its nodes. */
  readonly withNodes: boolean;
  /** Only units that own one of these nodes, if nodes are asked for; every unit when empty. */
  readonly nodeUuids: readonly string[];
  /** Part of the name, in any case; every unit when empty. */
  readonly search: string;
  /** Order by name, which counts first. */
  readonly orderByName: Order;
  /** Order by creation, among those of the same name. */
  readonly orderByCreation: Order;
  /** Order by last change, which counts last. */
  readonly orderByUpdate: Order;
}

type Order = 'asc' | 'desc' | undefined;

/** Every unit with its nodes, by name. */
export const everyUnit = {
  withNodes: true,
  nodeUuids: [],
  search: '',
  orderByName: 'asc',
  orderByCreation: undefined,
  orderByUpdate: undefined,
} as const;

const page = <T>(rows: readonly T[], { limit, offset }: PageOf): readonly T[] => rows.slice(offset, offset + limit);

const newestFirst = <T extends { readonly created: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => b.created.localeCompare(a.created));

/** Filter and page of a list of nodes. */
export interface NodeQuery extends PageOf {
  /** Only the Inputs linked to this Output. */
  readonly output: string | undefined;
  readonly unit: string | undefined;
  readonly type: NodeDocument['type'] | undefined;
}

/** Lists the nodes that the agent may see, newest first. */
export const listNodes = (store: Store, agent: Agent, query: NodeQuery) => {
  const isWanted = ({ sources, type }: NodeDocument) =>
    (query.output === undefined || sources.some((source) => source.output === query.output)) &&
    (query.type === undefined || type === query.type);
  const nodes = store
    .units()
    .filter(({ uuid }) => query.unit === undefined || uuid === query.unit)
    .flatMap((unit) => unit.nodes.filter((node) => isWanted(node) && maySeeNodeRow(store, agent, node)));
  const rows = page(newestFirst(nodes), query).map((node): NodeRow | undefined => {
    const unit = store.node(node.uuid)?.unit;
    return unit && nodeRow(store, unit, node);
  });
  return { count: nodes.length, unit_nodes: rows.filter((row) => row !== undefined) };
};

const wantedNodes = (unit: UnitDocument, { withNodes, nodeUuids }: UnitQuery): readonly NodeDocument[] => {
  if (!withNodes) return [];
  return nodeUuids.length === 0 ? unit.nodes : unit.nodes.filter(({ uuid }) => nodeUuids.includes(uuid));
};

type Comparison = (a: UnitDocument, b: UnitDocument) => number;

const by = (order: Order, valueOf: (unit: UnitDocument) => string): Comparison =>
  order === undefined ? () => 0 : (a, b) => (order === 'asc' ? 1 : -1) * valueOf(a).localeCompare(valueOf(b));

/** Lists the units that the agent may see, by name, then creation, then last update, as far as each is asked for. */
export const listUnits = (store: Store, agent: Agent, query: UnitQuery) => {
  const owns = ({ nodes }: UnitDocument) =>
    !query.withNodes || query.nodeUuids.length === 0 || nodes.some(({ uuid }) => query.nodeUuids.includes(uuid));
  const isFound = ({ name }: UnitDocument) => name.toLowerCase().includes(query.search.toLowerCase());
  const comparisons = [
    by(query.orderByName, ({ name }) => name),
    by(query.orderByCreation, ({ created }) => created),
    by(query.orderByUpdate, ({ updated }) => updated),
  ];
  const units = newestFirst(
    store.units().filter((unit) => maySeeUnit(agent, unit) && owns(unit) && isFound(unit)),
  ).toSorted((a, b) => comparisons.map((compare) => compare(a, b)).find((sign) => sign !== 0) ?? 0);
  const rows = page(units, query).map((unit): UnitRow => unitRow(store, unit, wantedNodes(unit, query), Date.now()));
  return { count: units.length, units: rows };
};

/** Filter, order and page of a log. */
export interface LogQuery extends PageOf {
  /** Only these levels; every level when empty. */
  readonly levels: readonly string[];
  /** Oldest (`asc`) or newest (`desc`) first. */
  readonly order: 'asc' | 'desc';
}

/** A log entry as the REST API shows it. */
export interface LogRow extends LogDocument {
  /** UUID of the unit that wrote it. */
  readonly unit_uuid: string;
  /** When the platform deletes it, ISO 8601. */
  readonly expiration_datetime: string;
}

/** How long the platform keeps an entry, milliseconds. */
const keptMs = 86_400_000;

const logRow = (unit: string, entry: LogDocument): LogRow => ({
  ...entry,
  create_datetime: naiveUtc(entry.create_datetime),
  expiration_datetime: naiveUtc(new Date(Date.parse(entry.create_datetime) + keptMs).toISOString()),
  unit_uuid: unit,
});

/** Lists a unit's log by the entries' own times; entries of the same time keep the order of arrival. */
export const listLogs = (store: Store, unit: string, query: LogQuery) => {
  const entries = store.logs(unit).filter(({ level }) => query.levels.length === 0 || query.levels.includes(level));
  const oldestFirst = entries.toSorted((a, b) => a.create_datetime.localeCompare(b.create_datetime));
  const ordered = query.order === 'asc' ? oldestFirst : oldestFirst.toReversed();
  const rows = page(ordered, query).map((entry) => logRow(unit, entry));
  return { count: entries.length, unit_logs: rows };
};

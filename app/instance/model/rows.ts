import type { Unit, UnitNode } from '../../../services/rest.ts';
import type { NodeDocument, UnitDocument } from '../store/documents.ts';
import { overdue } from './state-reports.ts';
import type { Store } from '../store/store.ts';

/** A node's row, as the REST API shows it. */
export interface NodeRow extends UnitNode {
  readonly data_pipe_yml: null;
  readonly data_pipe_status: null;
  readonly data_pipe_error: null;
}

/** A unit's row, as the REST API shows it. */
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

/** A unit's row with some of its nodes. @param nowMs Unix milliseconds; an update past its time shows as failed. */
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

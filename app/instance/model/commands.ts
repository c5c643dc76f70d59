import type { JsonObject } from '../../../services/json.ts';
import type { Core } from './core.ts';
import type { UnitDocument } from '../store/documents.ts';
import { versionOf } from './env.ts';
import type { Command } from './events.ts';
import { nodesFor } from './schema.ts';
import { baseTopic, commandKeys } from './topics.ts';

/** Sets a unit's target version, and the nodes of that version's schema. */
const withTarget = (unit: UnitDocument, commit: string, nowMs: number): UnitDocument => ({
  ...unit,
  targetCommit: commit,
  nodes: nodesFor(versionOf(unit, commit).schemaExample, unit.nodes, unit.visibilityLevel),
  update: { status: 'RequestSent', error: null, requested: nowMs },
});

const payloadOf = (unit: UnitDocument, command: Command): JsonObject => {
  if (command !== 'Update') return { COMMAND: command };
  const { commit, compiledFirmwareLink } = versionOf(unit, unit.targetCommit);
  const link = compiledFirmwareLink === null ? {} : { COMPILED_FIRMWARE_LINK: compiledFirmwareLink };
  return { COMMAND: command, PU_COMMIT_VERSION: commit, ...link };
};

const hasTopicFor = (unit: UnitDocument, command: Command): boolean =>
  versionOf(unit, unit.targetCommit).schemaExample.input_base_topic.includes(commandKeys[command]);

const send = async (core: Core, unit: UnitDocument, command: Command): Promise<void> => {
  const payload = payloadOf(unit, command);
  const topic = baseTopic(core.address.domain, 'input_base_topic', unit, commandKeys[command]);
  await core.publish(topic, JSON.stringify(payload));
  core.events.emit({ type: 'command', unit: unit.uuid, command, payload });
};

/**
 * Sends a command to a unit's base topic. `Update` sets the unit's target to its newest version, or to `commit`;
 * `LogSync` clears the stored log, as the unit sends its whole log again. Does nothing if the schema of the target version
 * lists no topic for the command.
 *
 * @throws {InstanceError} `notFound`
 */
export const sendCommand = async (core: Core, uuid: string, command: Command, commit?: string): Promise<void> => {
  const { store } = core;
  const current = store.unit(uuid);
  const unit =
    command === 'Update' ? withTarget(current, commit ?? current.versions.at(-1)?.commit ?? '', Date.now()) : current;
  if (!hasTopicFor(unit, command)) return;
  if (command === 'Update') await store.putUnit(unit);
  // The log is cleared while the command leaves: what arrived between the two would be kept, and sent again.
  const cleared = command === 'LogSync' ? store.clearLogs(uuid) : undefined;
  await Promise.all([cleared, send(core, unit, command)]);
};

/** Sends a unit `SchemaUpdate` if its schema has the topic for it. */
export const announceSchema = async (core: Core, unit: UnitDocument): Promise<void> => {
  if (hasTopicFor(unit, 'SchemaUpdate')) await send(core, unit, 'SchemaUpdate');
};

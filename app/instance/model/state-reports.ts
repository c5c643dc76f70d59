import { isJsonObject, type JsonObject, type JsonValue } from '../../../services/json.ts';
import type { UnitDocument, UpdateDocument } from '../store/documents.ts';
import { stateIntervalMs } from './env.ts';
import { parseJson } from './json-text.ts';

const numberKeys = ['millis', 'mem_free', 'mem_alloc', 'freq'] as const;
const listKeys = ['ifconfig', 'statvfs'] as const;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Parses a payload as JSON; `undefined` when it is not valid JSON in UTF-8. */
export const readPayload = (payload: Uint8Array): JsonValue | undefined => {
  try {
    return parseJson(decoder.decode(payload));
  } catch {
    return undefined;
  }
};

const castNumber = (value: JsonValue | undefined): number | null => {
  if (typeof value !== 'number' && typeof value !== 'boolean') return null;
  return Number(value);
};

/**
 * Parses a state report. Keeps the known keys only; a value of a wrong type becomes null or an empty list, and so does
 * one that is missing.
 *
 * @returns `undefined` when it is not a JSON object.
 */
export const parseStateReport = (payload: Uint8Array): JsonObject | undefined => {
  const report = readPayload(payload);
  if (!isJsonObject(report)) return undefined;
  const commit = Object.hasOwn(report, 'pu_commit_version') ? report['pu_commit_version'] : undefined;
  const lists = listKeys.map((key) => [key, Array.isArray(report[key]) ? report[key] : []] as const);
  const numbers = numberKeys.map((key) => [key, castNumber(report[key])] as const);
  return Object.fromEntries([...lists, ...numbers, ['pu_commit_version', typeof commit === 'string' ? commit : null]]);
};

/** Whether a report comes too soon after the previous one. Both times are milliseconds of the same clock. */
export const isTooEarly = (lastMs: number | undefined, nowMs: number, intervalMs: number): boolean =>
  lastMs !== undefined && nowMs - lastMs < intervalMs;

/** The state of a unit's update at a time: a requested one has failed when no report confirms it within two intervals. */
export const overdue = (unit: UnitDocument, nowMs: number): UpdateDocument | null => {
  const { update } = unit;
  if (update?.status !== 'RequestSent') return update;
  const seconds = (2 * stateIntervalMs(unit)) / 1000;
  if (nowMs - update.requested <= seconds * 1000) return update;
  return { ...update, status: 'Error', error: `No state report named the new version within ${seconds} s.` };
};

/** Updates a unit from a report: its state, its current version, and the status of its update. */
export const afterReport = (unit: UnitDocument, report: JsonObject, nowMs: number): UnitDocument => {
  const { pu_commit_version: commit } = report;
  const currentCommit = typeof commit === 'string' ? commit : null;
  const { update } = unit;
  const isConfirmed = update?.status === 'RequestSent' && currentCommit === unit.targetCommit;
  return {
    ...unit,
    state: report,
    currentCommit,
    updated: new Date(nowMs).toISOString(),
    update: isConfirmed ? { ...update, status: 'Success', error: null } : overdue(unit, nowMs),
  };
};

import { isJsonObject, type JsonObject, type JsonValue } from '../../../services/json.ts';
import type { UnitDocument, UpdateDocument } from '../store/documents.ts';
import { stateIntervalMs } from './env.ts';

const numberKeys = ['millis', 'mem_free', 'mem_alloc', 'freq'] as const;
const listKeys = ['ifconfig', 'statvfs'] as const;

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Reads a payload as JSON; `undefined` for anything else. */
export const readPayload = (payload: Uint8Array): JsonValue | undefined => {
  try {
    return JSON.parse(decoder.decode(payload)) as JsonValue;
  } catch {
    return undefined;
  }
};

const castNumber = (value: JsonValue | undefined): number | null => {
  if (typeof value !== 'number' && typeof value !== 'boolean') return null;
  return Number(value);
};

/**
 * Reads a state report: the known keys alone, numbers as numbers, what has another type as null or an empty list.
 *
 * @returns `undefined` when it is no JSON object or names no `pu_commit_version`.
 */
export const parseStateReport = (payload: Uint8Array): JsonObject | undefined => {
  const report = readPayload(payload);
  if (!isJsonObject(report)) return undefined;
  const commit = Object.hasOwn(report, 'pu_commit_version') ? report['pu_commit_version'] : undefined;
  if (typeof commit !== 'string' || commit === '') return undefined;
  const lists = listKeys.map((key) => [key, Array.isArray(report[key]) ? report[key] : []] as const);
  const numbers = numberKeys.map((key) => [key, castNumber(report[key])] as const);
  return Object.fromEntries([...lists, ...numbers, ['pu_commit_version', commit]]);
};

/** How much sooner than the interval a report may come: what a network moves it by. */
const toleranceOf = (intervalMs: number): number => Math.min(500, intervalMs / 20);

/** Whether a report comes too soon after the one before. Times in milliseconds of one clock. */
export const isTooEarly = (lastMs: number | undefined, nowMs: number, intervalMs: number): boolean =>
  lastMs !== undefined && nowMs - lastMs < intervalMs - toleranceOf(intervalMs);

/** What became of an update by now: it fails when two intervals pass unconfirmed. */
export const overdue = (unit: UnitDocument, nowMs: number): UpdateDocument | null => {
  const { update } = unit;
  if (update?.status !== 'RequestSent') return update;
  const seconds = (2 * stateIntervalMs(unit)) / 1000;
  if (nowMs - update.requested <= seconds * 1000) return update;
  return { ...update, status: 'Error', error: `No state report named the new version within ${seconds} s.` };
};

/** The unit after a report: its state, the version it runs, and what that says about an update. */
export const afterReport = (unit: UnitDocument, report: JsonObject, nowMs: number): UnitDocument => {
  const currentCommit = String(report['pu_commit_version']);
  const isConfirmed = unit.update?.status === 'RequestSent' && currentCommit === unit.targetCommit;
  return {
    ...unit,
    state: report,
    currentCommit,
    updated: new Date(nowMs).toISOString(),
    update: isConfirmed && unit.update ? { ...unit.update, status: 'Success', error: null } : overdue(unit, nowMs),
  };
};

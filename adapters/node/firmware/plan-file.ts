import { FirmwareError } from '../../../services/errors.ts';
import { isJsonObject } from '../../../services/json.ts';
import { replaceFile } from '../fs/durable-file.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { readOwnJson } from './journal-file.ts';
import { privateName } from './layout.ts';
import type { Manifest, SwapPlan } from './plan.ts';

const maxPlanBytes = 256 * 1024 * 1024;
const maxPathLength = 4_096;
const maxMode = 0o7777;

/** Tells a path that stays below the folder that it is relative to, and out of the client's own. */
const isSafePath = (path: unknown): path is string => {
  if (typeof path !== 'string' || path.length > maxPathLength || path.includes('\0')) return false;
  const parts = path.split('/');
  return parts[0] !== privateName && parts.every((part) => part !== '' && part !== '.' && part !== '..');
};

const arePaths = (value: unknown): value is string[] => Array.isArray(value) && value.every(isSafePath);

const isLeft = (value: unknown): value is SwapPlan['leave'][number] => {
  if (!isJsonObject(value) || !isSafePath(value.path)) return false;
  const { mode } = value;
  return typeof mode === 'number' && Number.isInteger(mode) && mode >= 0 && mode <= maxMode;
};

const isManifest = (value: unknown): value is Manifest =>
  isJsonObject(value) && arePaths(value.files) && arePaths(value.folders);

/** Checks a whole plan as it was read; `undefined` when it can't be followed. */
export const parsePlan = (document: unknown): SwapPlan | undefined => {
  if (!isJsonObject(document) || document.format !== 1) return undefined;
  const { install, save, remove, create, leave, manifest } = document;
  const isWhole = arePaths(install) && arePaths(save) && arePaths(remove) && arePaths(create);
  if (!isWhole || !Array.isArray(leave) || !leave.every(isLeft)) return undefined;
  if (manifest === undefined) return { format: 1, install, save, remove, create, leave };
  return isManifest(manifest) ? { format: 1, install, save, remove, create, leave, manifest } : undefined;
};

/** Writes a plan, durably. */
export const writePlan = (fs: FileSystem, path: string, plan: SwapPlan): Promise<void> =>
  replaceFile(path, JSON.stringify(plan), { fs });

/** Reads a plan. @throws {FirmwareError} `journal` when there is none, or it is damaged. */
export const readPlan = async (fs: FileSystem, path: string): Promise<SwapPlan> => {
  const plan = parsePlan(await readOwnJson(fs, path, maxPlanBytes));
  if (!plan) throw new FirmwareError('journal', `${path} is missing or damaged: the update can't be carried on.`);
  return plan;
};

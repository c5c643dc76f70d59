import { FirmwareError } from '../../../services/errors.ts';
import type { FirmwareScope } from '../../../services/firmware-journal.ts';
import { isJsonObject } from '../../../services/json.ts';
import { replaceFile } from '../fs/durable-file.ts';
import { inTheWay } from '../fs/errors.ts';
import type { FileSystem } from '../fs/file-system.ts';
import { foldersAbove, parentOf } from '../fs/file-tree.ts';
import { readOwnJson } from './journal-file.ts';
import { privateName } from './layout.ts';
import type { NodeKind, Tree, TreeNode } from './tree.ts';

/** Files and folders of a version. */
export interface Manifest {
  /** Links as well. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** What updates have brought before the first one. */
export const noManifest: Manifest = { files: [], folders: [] };

/** Steps from one version to the next, and back. Paths are relative to the unit's folder. */
export interface SwapPlan {
  readonly format: 1;
  /** Files and links of the new version, in order of their installation. */
  readonly install: readonly string[];
  /** Files and links that are replaced or removed, to be kept for a rollback. */
  readonly save: readonly string[];
  /** The removed ones of `save`. */
  readonly remove: readonly string[];
  /** Folders to create, parents first. */
  readonly create: readonly string[];
  /** Folders to remove once empty, deepest first. */
  readonly leave: readonly { readonly path: string; readonly mode: number }[];
  /** Packages of npm that belong to the new version, each moved as a whole; those before are kept for a rollback. */
  readonly packages?: readonly string[];
  /** What updates have brought, including the new version; missing in some plans of older clients. */
  readonly manifest?: Manifest;
}

/** Input of a swap plan. */
export interface SwapSituation {
  readonly scope: FirmwareScope;
  readonly live: Tree;
  readonly staged: Tree;
  /** What updates have brought of the running version. */
  readonly manifest: Manifest;
  readonly isKept: (path: string) => boolean;
  /** Device number of the file system that must hold everything. */
  readonly dev: number;
}

/** The instance's documents. env.json names the version, so it goes last. */
export const lastFiles = ['schema.json', 'env.json'];

const pathsOf = (tree: Tree, ...kinds: NodeKind[]): string[] =>
  [...tree].filter(([, { kind }]) => kinds.includes(kind)).map(([path]) => path);

const isMovable = (node: TreeNode | undefined): boolean => node?.kind === 'file' || node?.kind === 'link';

const unique = (paths: Iterable<string>): string[] => [...new Set(paths)].toSorted();

const newVersion = ({ scope, staged, isKept }: SwapSituation): Manifest => {
  const isWanted = (path: string) => !isKept(path) && (scope !== 'envAndSchema' || lastFiles.includes(path));
  const files = pathsOf(staged, 'file', 'link').filter(isWanted);
  const folders = scope === 'envAndSchema' ? [] : pathsOf(staged, 'folder').filter((path) => !isKept(path));
  const last = lastFiles.filter((name) => files.includes(name));
  return {
    files: [...files.filter((path) => !lastFiles.includes(path)).toSorted(), ...last],
    folders: unique([...folders, ...files.flatMap(foldersAbove)]),
  };
};

/** Files and links where the new version has a folder, or in a folder where it has a file. */
const filesInTheWay = (live: Tree, wanted: Manifest): string[] => {
  const isWanted = new Set(wanted.files);
  return [
    ...wanted.folders.filter((path) => isMovable(live.get(path))),
    ...pathsOf(live, 'file', 'link').filter((path) => foldersAbove(path).some((above) => isWanted.has(above))),
  ];
};

const checkPlaces = ({ live, dev }: SwapSituation, wanted: Manifest, remove: ReadonlySet<string>): void => {
  for (const path of wanted.folders) {
    const node = live.get(path);
    if (node && node.kind !== 'folder' && !remove.has(path)) throw inTheWay(path, 'has to be a folder, and is none');
  }
  const isWanted = new Set(wanted.files);
  for (const [path, node] of live) {
    if (node.kind === 'folder' || remove.has(path)) continue;
    if (isWanted.has(path) && !isMovable(node)) throw inTheWay(path, 'has to be a file, and is none');
    if (foldersAbove(path).some((above) => isWanted.has(above))) {
      throw inTheWay(path, 'is in a folder that has to be a file');
    }
  }
  for (const path of unique([...wanted.files, ...remove].map(parentOf))) {
    const node = live.get(path);
    if (node?.kind === 'folder' && node.dev !== dev) throw inTheWay(path, 'is on a file system of its own');
  }
};

/** The folders at these paths and all below them. */
const foldersIn = (live: Tree, paths: readonly string[]): string[] =>
  paths
    .filter((path) => live.get(path)?.kind === 'folder')
    .flatMap((path) => [path, ...pathsOf(live, 'folder').filter((below) => below.startsWith(`${path}/`))]);

const nextManifest = (scope: FirmwareScope, wanted: Manifest, known: Manifest): Manifest =>
  scope === 'everything'
    ? wanted
    : { files: unique([...known.files, ...wanted.files]), folders: unique([...known.folders, ...wanted.folders]) };

/**
 * Plans a swap, before anything moves. Removes only what updates brought, and what is in the way of the new version.
 *
 * @throws {FirmwareError} `io` if something blocks a path that can't be saved for a rollback.
 */
export const planSwap = (situation: SwapSituation): SwapPlan => {
  const { scope, live, manifest } = situation;
  const wanted = newVersion(situation);
  const isWanted = new Set([...wanted.files, ...lastFiles]);
  const old = scope === 'everything' ? manifest : noManifest;
  const obsolete = old.files.filter((path) => isMovable(live.get(path)) && !isWanted.has(path));
  const remove = unique([...obsolete, ...filesInTheWay(live, wanted)]);
  checkPlaces(situation, wanted, new Set(remove));
  const stays = new Set(wanted.folders);
  const leave = unique([...old.folders, ...obsolete.flatMap(foldersAbove), ...foldersIn(live, wanted.files)]).filter(
    (path) => live.get(path)?.kind === 'folder' && !stays.has(path),
  );
  return {
    format: 1,
    install: wanted.files,
    save: unique([...remove, ...wanted.files.filter((path) => isMovable(live.get(path)))]),
    remove,
    create: wanted.folders.filter((path) => live.get(path)?.kind !== 'folder'),
    leave: leave.toReversed().map((path) => ({ path, mode: live.get(path)?.mode ?? 0o700 })),
    manifest: nextManifest(scope, wanted, manifest),
  };
};

/** Files that a plan replaces or removes although no update brought them, the instance's documents apart. */
export const foreignFiles = ({ save }: SwapPlan, { files }: Manifest): string[] => {
  const brought = new Set([...files, ...lastFiles]);
  return save.filter((path) => !brought.has(path));
};

const maxPlanBytes = 256 * 1024 * 1024;
const maxPathLength = 4_096;
const maxMode = 0o7777;

/** Whether a path stays inside the folder that it is relative to, and outside the client's own. */
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

/** Checks a plan from disk; `undefined` if it is invalid. */
export const parsePlan = (document: unknown): SwapPlan | undefined => {
  if (!isJsonObject(document) || document.format !== 1) return undefined;
  const { install, save, remove, create, leave, packages, manifest } = document;
  const isWhole = arePaths(install) && arePaths(save) && arePaths(remove) && arePaths(create);
  if (!isWhole || !Array.isArray(leave) || !leave.every(isLeft)) return undefined;
  if (packages !== undefined && !arePaths(packages)) return undefined;
  const plan = { format: 1, install, save, remove, create, leave, ...(packages && { packages }) } as const;
  if (manifest === undefined) return plan;
  return isManifest(manifest) ? { ...plan, manifest } : undefined;
};

/** Writes a plan durably. */
export const writePlan = (fs: FileSystem, path: string, plan: SwapPlan): Promise<void> =>
  replaceFile(path, JSON.stringify(plan), { fs });

/** Reads a plan. @throws {FirmwareError} `journal` if it is missing or damaged. */
export const readPlan = async (fs: FileSystem, path: string): Promise<SwapPlan> => {
  const plan = parsePlan(await readOwnJson(fs, path, maxPlanBytes));
  if (!plan) throw new FirmwareError('journal', `${path} is missing or damaged: the update can't be finished.`);
  return plan;
};

import type { FileSystem } from '../../../../adapters/node/fs/file-system.ts';
import { folderFirmwareStore } from '../../../../adapters/node/firmware/store.ts';
import { folderFirmwareTrials } from '../../../../adapters/node/firmware/trials.ts';
import { defaultArchiveLimits as limits } from '../../../../services/firmware.ts';
import type { SwapOrder } from '../../../../services/firmware-transitions.ts';
import { powerDisk } from '../../../lab/kill-matrix/power-disk.ts';
import { diskError, stepper, steppingFs, type BeforeStep } from '../../../lab/kill-matrix/stepping-fs.ts';
import { inChunks, tarOf, type TarEntry } from '../../../support/tar.ts';

export const folder = '/unit';
export const own = '/unit/.pepeunit';
export const order: SwapOrder = {
  scope: 'everything',
  from: 'old',
  to: 'new',
  trial: { maxStarts: 2, healthyWithinMs: 1_000 },
};
export const oldFiles = {
  'env.json': '{"PU_COMMIT_VERSION":"old"}',
  'schema.json': '{}',
  'lib/a.js': 'old a',
  'gone.js': 'x',
};
export const newFiles = {
  'env.json': '{"PU_COMMIT_VERSION":"new"}',
  'schema.json': '{}',
  'lib/a.js': 'new a',
  'b.js': 'y',
};

export const put = async (fs: FileSystem, path: string, text: string): Promise<void> => {
  await fs.mkdir(path.slice(0, path.lastIndexOf('/')), { recursive: true, mode: 0o755 });
  await (await fs.open(path, 'wx', 0o644)).writeFile(text);
};

export const textsIn = async (fs: FileSystem, at = folder, above = ''): Promise<Record<string, string>> => {
  const texts: Record<string, string> = {};
  for (const name of await fs.readdir(`${at}/${above}`)) {
    const path = `${above}${name}`;
    if (path === '.pepeunit') continue;
    const stats = await fs.lstat(`${at}/${path}`);
    if (stats.isDirectory()) Object.assign(texts, await textsIn(fs, at, `${path}/`));
    else if (stats.isFile()) texts[path] = new TextDecoder().decode(await fs.readFile(`${at}/${path}`));
  }
  return texts;
};

export const archiveOf = (files: Record<string, string>): Promise<Buffer> =>
  tarOf(...Object.entries(files).map(([name, text]): TarEntry => ({ name, text })));

/** What the client keeps of an update that brought the old version. */
export const ownFiles = {
  'update.json': JSON.stringify({ format: 1, phase: 'settled', running: 'first' }),
  'plan-first.json': JSON.stringify({
    format: 1,
    install: [],
    save: [],
    remove: [],
    create: [],
    leave: [],
    manifest: { files: Object.keys(oldFiles), folders: ['lib'] },
  }),
};

/** A unit on a disk in memory that runs the old version, which an update brought. */
export const unit = async (through: (fs: FileSystem) => FileSystem = (fs) => fs) => {
  const { fs: disk } = powerDisk();
  for (const [name, text] of Object.entries(oldFiles)) await put(disk, `${folder}/${name}`, text);
  for (const [name, text] of Object.entries(ownFiles)) await put(disk, `${own}/${name}`, text);
  const fs = through(disk);
  const store = folderFirmwareStore({ folder, fs, limits });
  const stage = async () => store.stage(inChunks(await archiveOf(newFiles)), new AbortController().signal);
  const swap = async () => store.swap((await stage()).id, order);
  return { disk, store, stage, swap, trials: folderFirmwareTrials({ folder, fs: disk }) };
};

/** Replaces a file of the client's own. */
export const spoil = async (fs: FileSystem, name: string, text: string): Promise<void> => {
  await fs.unlink(`${own}/${name}`).catch(() => undefined);
  await put(fs, `${own}/${name}`, text);
};

export const steps = (before: BeforeStep) => (fs: FileSystem) => steppingFs(fs, stepper(before).step);

export const failAt =
  (isHit: (verb: string, path: string) => boolean, code = 'EIO') =>
  (fs: FileSystem): FileSystem =>
    steps(({ verb, path }) => {
      if (isHit(verb, path)) throw diskError(code, verb);
    })(fs);

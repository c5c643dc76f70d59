import { FirmwareError } from '../../../services/errors.ts';
import { codeOf } from '../fs/errors.ts';
import { statsOf, type FileSystem } from '../fs/file-system.ts';
import { giveTo } from '../fs/ownership.ts';

/** Error codes of file systems without hard links. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

const onOtherDevice = (path: string, cause: unknown): FirmwareError =>
  new FirmwareError(
    'io',
    `${path} and .pepeunit are on different devices (EXDEV), so no update can move it. Mount the unit's folder as a whole.`,
    { cause },
  );

const copyDurably = async (fs: FileSystem, from: string, to: string): Promise<void> => {
  await fs.copyFile(from, to);
  const owner = await fs.lstat(from);
  const handle = await fs.open(to, 'r+');
  try {
    await giveTo(handle, owner);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Keeps a file under a second name, by a hard link or else a copy; does nothing if the file is gone. */
export const saveFile = async (fs: FileSystem, from: string, to: string): Promise<void> => {
  try {
    await fs.link(from, to);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT' && !(await statsOf(fs, from))) return;
    if (codeOf(cause) === 'EXDEV') throw onOtherDevice(from, cause);
    if (!noLinks.has(codeOf(cause) ?? '')) throw cause;
    await copyDurably(fs, from, to);
  }
};

import { open } from 'node:fs/promises';
import { FirmwareError } from '../../../services/errors.ts';

/** Where an ELF header says for which machine it is: class, byte order, and the machine itself (System V ABI, chapter 4). */
const headBytes = 20;
const elfMark = Buffer.from([0x7f, 0x45, 0x4c, 0x46]);

const headOf = async (path: string): Promise<Buffer> => {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
};

const isElf = (head: Buffer): boolean => head.length === headBytes && head.subarray(0, 4).equals(elfMark);
const machineOf = (head: Buffer): string => head.subarray(4, 6).toString('hex') + head.subarray(18).toString('hex');

/**
 * Checks that a program is no empty file, and not built for another machine than the one that this process runs on.
 *
 * @throws {FirmwareError} `selfTest`
 */
export const checkProgramHead = async (path: string): Promise<void> => {
  const head = await headOf(path);
  if (head.length === 0) throw new FirmwareError('selfTest', 'The new program is empty. Send another version.');
  const own = await headOf(process.execPath);
  if (!isElf(head) || !isElf(own) || machineOf(head) === machineOf(own)) return;
  throw new FirmwareError('selfTest', 'The new program is built for another machine. Send one for this machine.');
};

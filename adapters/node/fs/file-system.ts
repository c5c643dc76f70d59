import * as files from 'node:fs/promises';

/** What a file is to hold: all at once, or as it comes. */
export type Content = Uint8Array | string | AsyncIterable<Uint8Array>;

/** An open file or folder, as far as a durable write needs it. */
interface DurableHandle {
  chmod(mode: number): Promise<void>;
  writeFile(content: Content): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The operations that a durable write is made of; tests trace them and make them fail. */
export interface DurableFs {
  open(path: string, flags: string, mode?: number): Promise<DurableHandle>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  mkdir(path: string, options: { recursive: true; mode: number }): Promise<string | undefined>;
}

/** The host's own file system. */
export const hostFs: DurableFs = files;

/** The code of a system call's error, such as `ENOENT`. */
export const codeOf = (thrown: unknown): string | undefined => {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : undefined;
};

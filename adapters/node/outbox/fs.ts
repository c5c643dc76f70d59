import * as files from 'node:fs/promises';

/** An open segment. */
export interface OutboxHandle {
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  truncate(length: number): Promise<void>;
  datasync(): Promise<void>;
  close(): Promise<void>;
}

/** The operations that an outbox writes with; tests trace them and make them fail. */
export interface OutboxFs {
  open(path: string, flags: string, mode: number): Promise<OutboxHandle>;
  unlink(path: string): Promise<void>;
}

/** The host's own file system. */
export const hostOutboxFs: OutboxFs = files;

/** Writes all bytes, in as many calls as it takes. */
export const writeAll = async (handle: OutboxHandle, bytes: Uint8Array, position: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
};

import type { Clock } from '../../services/clock.ts';
import { isJsonObject } from '../../services/json.ts';

/** Bytes of one batch of stored entries: well under the platform's packet limit. */
const batchBytes = 64 * 1024;
/** Milliseconds between two batches. */
const pauseMs = 50;

export interface LogSyncParts {
  readonly clock: Clock;
  readonly stored: () => Promise<string[]>;
  readonly send: (payload: string) => Promise<void>;
}

const isEntry = (line: string): boolean => {
  try {
    return isJsonObject(JSON.parse(line));
  } catch {
    return false;
  }
};

/** Groups lines into JSON arrays that stay under the packet limit, in order. */
const batchesOf = (lines: readonly string[]): string[][] => {
  const batches: string[][] = [];
  let bytes = Infinity;
  for (const line of lines) {
    const size = line.length * 3 + 1;
    if (bytes + size > batchBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(line);
    bytes += size;
  }
  return batches;
};

/** Sends every stored entry, oldest first, in batches. @returns How many were sent. */
export const sendStored = async ({ clock, stored, send }: LogSyncParts, signal: AbortSignal): Promise<number> => {
  const lines = (await stored()).filter(isEntry);
  for (const [index, batch] of batchesOf(lines).entries()) {
    if (index > 0) await new Promise<void>((resolve) => clock.setTimeout(resolve, pauseMs));
    signal.throwIfAborted();
    await send(`[${batch.join(',')}]`);
  }
  return lines.length;
};

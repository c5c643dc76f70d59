import { fromPromise } from 'xstate';
import { find, type Found, type OfUnit } from './finder.ts';
import { restartingModeOf, type RestartingMode, type RestartMode } from './process-control.ts';
import type { Storage } from './storage.ts';

/** Remembers across a restart that the instance's Reset command caused it. */
export interface ResetRecord {
  /** Keeps that the restart about to happen is a reset. Never rejects: the restart matters more. */
  keep(): Promise<void>;
  /** Whether a reset has started this program; the next program is told `false`. Never rejects. */
  take(): Promise<boolean>;
}

class StoredResetRecord implements ResetRecord {
  readonly #storage: Pick<Storage, 'readJson' | 'writeJson' | 'remove'>;
  readonly #path: string;

  constructor(storage: Pick<Storage, 'readJson' | 'writeJson' | 'remove'>, path: string) {
    this.#storage = storage;
    this.#path = path;
  }

  async keep(): Promise<void> {
    await this.#storage.writeJson(this.#path, { format: 1 }).catch(() => undefined);
  }

  async take(): Promise<boolean> {
    const wasReset = (await this.#storage.readJson(this.#path).catch(() => undefined)) !== undefined;
    if (wasReset) await this.#storage.remove(this.#path).catch(() => undefined);
    return wasReset;
  }
}

/**
 * Keeps the record in a document of the storage.
 *
 * @example
 * import { storedResetRecord } from 'pepeunit-client/services';
 *
 * const record = storedResetRecord(unit.world.storage, '.pepeunit/reset.json');
 * await record.keep();
 * await record.take(); // true, and then false
 */
export const storedResetRecord = (
  storage: Pick<Storage, 'readJson' | 'writeJson' | 'remove'>,
  path: string,
): ResetRecord => new StoredResetRecord(storage, path);

/**
 * Finds out whether a reset has started this program, for the reset machine's `recall`.
 *
 * @example
 * import { resetMachine } from 'pepeunit-client/machines';
 * import { recallReset, storedResetRecord } from 'pepeunit-client/services';
 *
 * const record = storedResetRecord(unit.world.storage, '.pepeunit/reset.json');
 * const machine = resetMachine.provide({ actors: { recall: recallReset(record) } });
 */
export const recallReset = (given: Found<ResetRecord>) => fromPromise<boolean>(({ self }) => find(given, self).take());
export type RecallReset = ReturnType<typeof recallReset>;

/**
 * Restarts the program, also where an update would not, and leaves the record for its successor; for the reset machine's
 * `restart`.
 *
 * @example
 * import { resetMachine } from 'pepeunit-client/machines';
 * import { resetProgram, storedResetRecord } from 'pepeunit-client/services';
 *
 * const record = storedResetRecord(unit.world.storage, '.pepeunit/reset.json');
 * const restart = resetProgram({ resetRecord: record, restart: (mode) => unit.world.process.restart(mode) });
 * const machine = resetMachine.provide({ actors: { restart } });
 */
export const resetProgram = (
  given: Found<{ readonly resetRecord: ResetRecord; restart(mode: RestartingMode): Promise<void> }>,
) =>
  fromPromise<void, OfUnit & { mode: RestartMode }>(async ({ input, self }) => {
    const services = find(given, self);
    await services.resetRecord.keep();
    try {
      await services.restart(restartingModeOf(input.mode));
    } catch (thrown) {
      await services.resetRecord.take();
      throw thrown;
    }
  });
export type ResetProgram = ReturnType<typeof resetProgram>;

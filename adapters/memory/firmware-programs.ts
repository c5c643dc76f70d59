import type { FirmwarePrograms } from '../../services/firmware.ts';
import { RestError } from '../../services/errors.ts';
import { createFailures } from './failures.ts';
import type { MemoryFirmwareStore } from './firmware-store.ts';

/** Programs by link, controlled by a test. */
export interface MemoryFirmwarePrograms extends FirmwarePrograms {
  /** Texts of programs, by link. */
  readonly programs: Map<string, string>;
  /** Requested links, in order. */
  readonly asked: readonly string[];
  /** Fails the next call. */
  fail(operation: 'fetch', error: Error): void;
}

/**
 * Puts programs into staged versions of a memory store, as the file `program`.
 *
 * @example
 * import { defaultArchiveLimits } from 'pepeunit-client/services';
 * import { memoryFirmwarePrograms, memoryFirmwareStore } from 'pepeunit-client/testing';
 *
 * const store = memoryFirmwareStore({ limits: defaultArchiveLimits });
 * const programs = memoryFirmwarePrograms(store);
 * console.log(programs.asked);
 */
export const memoryFirmwarePrograms = (store: MemoryFirmwareStore): MemoryFirmwarePrograms => {
  const programs = new Map<string, string>();
  const asked: string[] = [];
  const planned = createFailures<'fetch'>();
  return {
    programs,
    asked,
    fail: planned.add,
    fetch: async (id, link) => {
      asked.push(link);
      planned.check('fetch');
      const text = programs.get(link);
      if (text === undefined) throw new RestError('status', `${link}: status 404.`, { status: 404 });
      const bytes = new TextEncoder().encode(text);
      store.staged.get(id)?.set('program', bytes);
      return { bytes: bytes.length };
    },
  };
};

import type { ProcessControl } from '../../services/process-control.ts';
import { createFailures } from './failures.ts';

/** A program that only notes how it was asked to restart. */
export interface MemoryProcessControl extends ProcessControl {
  /** The mode of each restart that was asked for, oldest first. */
  readonly restarts: readonly Parameters<ProcessControl['restart']>[0][];
  /** The next restart fails with this error. */
  failNext(error: Error): void;
}

/**
 * Process control in memory; as with the real one, a restart that works stays pending.
 *
 * @example
 * import { memoryProcessControl } from 'pepeunit-client/testing';
 *
 * const control = memoryProcessControl();
 * void control.restart('exit');
 * console.log(control.restarts); // ['exit']
 */
export const memoryProcessControl = (isSupervised = false): MemoryProcessControl => {
  const restarts: Parameters<ProcessControl['restart']>[0][] = [];
  const failing = createFailures<'restart'>();
  return {
    isSupervised,
    watchSupervisor: () => () => undefined,
    restarts,
    failNext: (error) => failing.add('restart', error),
    restart: async (mode) => {
      restarts.push(mode);
      failing.check('restart');
      return new Promise<never>(() => undefined);
    },
  };
};

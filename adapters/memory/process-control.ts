import type { ProcessControl } from '../../services/process-control.ts';
import { createFailures } from './failures.ts';

/** A process control that only records restarts. */
export interface MemoryProcessControl extends ProcessControl {
  /** Modes of the requested restarts, oldest first. */
  readonly restarts: readonly Parameters<ProcessControl['restart']>[0][];
  /** Fails the next restart with this error. */
  failNext(error: Error): void;
}

/**
 * Creates a process control in memory; as with the real one, a successful restart stays pending.
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

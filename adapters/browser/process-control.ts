import { ProcessError } from '../../services/errors.ts';
import type { ProcessControl } from '../../services/process-control.ts';

/** Restarts by reloading the page; a page has no supervisor. */
export const browserProcessControl = (): ProcessControl => ({
  isSupervised: false,
  watchSupervisor: () => () => undefined,
  restart: async (mode) => {
    if (mode === 'exit') {
      throw new ProcessError(
        'unsupported',
        'A page can’t leave itself to a supervisor. Use restart_exec, which reloads it.',
      );
    }
    location.reload();
    return new Promise<never>(() => undefined);
  },
});

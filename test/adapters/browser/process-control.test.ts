import { afterEach, vi } from 'vitest';
import { browserProcessControl } from '../../../adapters/browser/process-control.ts';
import { ProcessError } from '../../../services/errors.ts';
import { processControlContract, type Outcome } from '../../contracts/process-control.ts';

afterEach(() => void vi.unstubAllGlobals());

processControlContract(
  'browser',
  { restart_exec: 'startedAnew', restart_popen: 'startedAnew', exit: 'refused' },
  async (mode) => {
    let outcome: Outcome = 'left';
    let hasReturned = false;
    vi.stubGlobal('location', { reload: () => (outcome = 'startedAnew') });
    browserProcessControl()
      .restart(mode)
      .then(
        () => (hasReturned = true),
        (error: unknown) => (outcome = error instanceof ProcessError ? 'refused' : 'left'),
      );
    await new Promise((resolve) => setImmediate(resolve));
    return { outcome, hasReturned };
  },
);

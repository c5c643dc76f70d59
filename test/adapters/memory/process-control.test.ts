import { expect, test } from 'vitest';
import { memoryProcessControl } from '../../../adapters/memory/process-control.ts';
import { processControlContract, type Restart } from '../../contracts/process-control.ts';

processControlContract(
  'memory',
  { restart_exec: 'startedAnew', restart_popen: 'startedAnew', exit: 'left' },
  async (mode: Restart) => {
    const control = memoryProcessControl();
    let hasReturned = false;
    void control.restart(mode).then(() => (hasReturned = true));
    await new Promise((resolve) => setImmediate(resolve));
    const noted = control.restarts.at(-1);
    return { outcome: noted === 'exit' ? 'left' : 'startedAnew', hasReturned };
  },
);

test('fails as told, once', async () => {
  const control = memoryProcessControl();
  const broken = new Error('broken');
  control.failNext(broken);
  await expect(control.restart('restart_exec')).rejects.toBe(broken);
  expect(control.restarts).toEqual(['restart_exec']);
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identityOf } from '../../../../adapters/node/fs/process-identity.ts';
import { startNode } from '../../../support/cli.ts';
import { compileProgram } from '../../../support/compiled.ts';
import { temporaryFolder } from '../../../support/folder.ts';

const deadPid = 4_194_303;

test('of several processes that take the lock of a dead one at once, one has it (S15)', async () => {
  const program = await compileProgram(new URL('../../../support/programs/taking.ts', import.meta.url));
  const path = join(await temporaryFolder(), 'lock');
  const holder = { ...identityOf(process.pid), pid: deadPid };
  for (let round = 0; round < 3; round += 1) {
    await writeFile(path, `${JSON.stringify({ holder, nonce: 'dead', beat: 1 }).padEnd(639)}\n`);
    const at = String(Date.now() + 1000);
    const runs = Array.from({ length: 6 }, () => startNode([program.path, path, at]));
    await Promise.all(runs.map(({ ended }) => ended));
    const said = runs.map((run) => run.stdout());
    // On a busy machine one may come when the first has ended, and has the lock after it.
    expect(said).toContain('held');
    expect(said).not.toContain('lost');
  }
  await program.remove();
});

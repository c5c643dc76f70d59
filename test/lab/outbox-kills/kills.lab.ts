import { expect, test } from 'vitest';
import { compileProgram } from '../../support/compiled.ts';
import { killWhilePublishing, type Outcome } from './lab.ts';

declare module 'vitest' {
  interface TaskMeta {
    outcome?: Outcome;
  }
}

const seed = Number(process.env['LAB_SEED'] ?? 1);

test('10,000 publishes of QoS 1 while broker and unit are killed 50 times (S5)', async ({ task }) => {
  const program = await compileProgram(new URL('producer.ts', import.meta.url));
  try {
    const outcome = await killWhilePublishing(program, { publishes: 10_000, kills: 50, seed, topics: 3 });
    task.meta.outcome = outcome;
    expect(outcome).toMatchObject({ lost: 0, outOfOrder: 0, refused: 0 });
  } finally {
    await program.remove();
  }
}, 900_000);

import { expect, test } from 'vitest';
import { startRogueBroker } from '../../../lab/faults/rogue-broker.ts';
import { compileProgram, startCompiled } from '../../../support/compiled.ts';
import { later } from '../../../support/mqtt.ts';

test('the first link of a process makes no tables ahead', { timeout: 60_000 }, async () => {
  const broker = later(await startRogueBroker(() => false));
  const program = await compileProgram(new URL('../../../support/programs/linking.ts', import.meta.url));
  try {
    const { printed, end } = startCompiled(program, [String(broker.port)]);
    expect(await end).toBe(0);
    const [, buffers] = /^buffers: (\d+)$/m.exec(printed()) ?? [];
    expect(Number(buffers)).toBeGreaterThan(0);
    expect(Number(buffers)).toBeLessThan(1000);
  } finally {
    await program.remove();
  }
});

import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileProgram, type Compiled } from '../../support/compiled.ts';
import { describeWithMosquitto } from '../../support/mosquitto.ts';
import { killWhilePublishing } from './lab.ts';

describeWithMosquitto('kills while publishing', () => {
  let program: Compiled;
  beforeAll(async () => {
    program = await compileProgram(new URL('producer.ts', import.meta.url));
  });
  afterAll(() => program.remove());

  test('a broker and a unit that are killed while it publishes cost no message, and no order (S5)', async () => {
    const outcome = await killWhilePublishing(program, { publishes: 1_000, kills: 6, seed: 2, topics: 3 });
    expect(outcome).toMatchObject({ lost: 0, outOfOrder: 0, refused: 0 });
    expect(outcome.brokerKills).toBeGreaterThan(0);
    expect(outcome.unitKills).toBeGreaterThan(0);
  });
});

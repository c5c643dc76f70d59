import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../../services/json.ts';
import { compileProgram, startCompiled, type Compiled } from '../../support/compiled.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { keptPath } from '../../support/env-trial.ts';
import { until } from '../../support/until.ts';

let program: Compiled;
beforeAll(async () => {
  program = await compileProgram(new URL('../../support/programs/connecting.ts', import.meta.url));
});
afterAll(() => program.remove());

const documentIn = async (text: Promise<string>): Promise<JsonObject> => JSON.parse(await text) as JsonObject;

test.each([
  ['another broker', { PU_MQTT_HOST: '127.0.0.2' }],
  ['another address of the instance', { PU_APP_PREFIX: '/wrong' }],
])(
  'a program that never lives for long comes back from %s (U23, X3)',
  async (_, change: JsonObject) => {
    const live = await createLiveUnit();
    try {
      const before = await documentIn(live.read('env.json'));
      await live.instance.operator.setEnv(live.row.uuid, change);
      const first = startCompiled(program, [live.folder, 'ask']);
      const [[name, value] = []] = Object.entries(change);
      const isInForce = async () => (await documentIn(live.read('env.json')))[name ?? ''] === value;
      await until(isInForce, { what: 'the env was on trial' });
      await until(async () => live.read('.pepeunit/link.json').catch(() => undefined), { what: 'the link was kept' });
      first.child.kill('SIGKILL');
      await first.end;
      let starts = 0;
      while ((await documentIn(live.read(keptPath)))['phase'] !== 'failed') {
        starts += 1;
        expect(starts).toBeLessThan(300);
        const { child, printed, end } = startCompiled(program, [live.folder]);
        await until(() => printed().includes('loaded'), { what: 'the program had its env' });
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
        child.kill('SIGKILL');
        await end;
      }
      expect(starts, 'not at once').toBeGreaterThan(4);
      expect(await documentIn(live.read('env.json'))).toMatchObject({
        PU_MQTT_HOST: before['PU_MQTT_HOST'],
        PU_APP_PREFIX: before['PU_APP_PREFIX'],
      });
      const last = startCompiled(program, [live.folder]);
      await until(() => last.printed().includes('online'), { what: 'the unit is back' });
      last.child.kill('SIGKILL');
      await last.end;
    } finally {
      await live.stop();
    }
  },
  600_000,
);

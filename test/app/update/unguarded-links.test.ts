import { expect, test } from 'vitest';
import { createLiveUnit } from '../../support/live-unit.ts';
import { runCli } from '../../support/cli.ts';
import { until } from '../../support/until.ts';

const doctorSays = async (folder: string): Promise<string> => (await runCli(['doctor', folder])).stdout;

test('a compiled unit that takes any program says what that means, in its log and in doctor (C14)', async () => {
  const live = await createLiveUnit({ update: { program: 'unit.bin' } });
  await live.client.ready();
  void live.client.runMainCycle();
  const warnings = async () =>
    (await live.client.logger.getFullLog()).filter(({ text }) =>
      String(text).startsWith('Programs are taken from any host'),
    );
  await until(async () => (await warnings()).length > 0);
  expect(await warnings()).toMatchObject([{ level: 'Warning' }]);
  expect(await doctorSays(live.folder)).toMatch(/warning +program links +Programs are taken from any host/);
  await live.client.stopMainCycle();

  const guarded = live.another({ update: { program: 'unit.bin', hosts: ['example.org'] } });
  await guarded.ready();
  expect(await doctorSays(live.folder)).toMatch(/ok +program links/);
  expect(await warnings()).toHaveLength(1);
  await live.stop();
});

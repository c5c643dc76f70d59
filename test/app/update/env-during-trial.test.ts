import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

const terms = 'healthTimeoutMs: 60_000, trialStarts: 1';
const first = "import { existsSync } from 'node:fs';\nimport { setTimeout as wait } from 'node:timers/promises';";

/** Ends the trial of the new version when a file is there: it says that it is not ready, or crashes. */
const endings = {
  'says no': 'return false;',
  crashes: "process.kill(process.pid, 'SIGKILL'); await wait(60_000);",
};

test.concurrent.each(Object.entries(endings))(
  'an env that comes during the trial of a version which %s outlives it, under the old version (U2, U11)',
  async (how, ending) => {
    const unit = await createSupervisedUnit(
      yard,
      how.replace(' ', '-'),
      { label: 'old', options: `update: { ${terms} },` },
      { NAME: '' },
    );
    const readEnv = async () => JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8')) as { NAME: string };
    await mkdir(join(unit.folder, 'data'));
    unit.run('--grace', '2', '--trial-starts', '1');
    await unit.hears('old', 'online');
    const before = await readEnv();
    const ready = `ready: async () => { while (!existsSync(at('data/end'))) await wait(50); ${ending} }`;
    const commit = await unit.add({ label: 'new', first, options: `update: { ${terms}, ${ready} },` });
    await unit.update();
    await unit.hears('new', 'online');
    await yard.instance.operator.setEnv(unit.uuid, { NAME: 'Датчик 🌡', PU_STATE_SEND_INTERVAL: 77 });
    await yard.instance.operator.sendCommand(unit.uuid, 'EnvUpdate');
    const came = { NAME: 'Датчик 🌡', PU_STATE_SEND_INTERVAL: 77 };
    await unit.waitFor('the env comes', async () => (await readEnv()).NAME === came.NAME);
    expect(await readEnv()).toEqual({ ...before, ...came, PU_COMMIT_VERSION: commit });
    await writeFile(join(unit.folder, 'data/end'), '');
    await unit.hears('old', 'updateRolledBack');
    expect(await readEnv()).toEqual({ ...before, ...came });
    await unit.stop();
  },
);

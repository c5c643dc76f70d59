import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { layLine } from '../../support/cut-line.ts';
import { createSupervisedUnit, createYard } from '../../support/supervised-unit.ts';
import { secondsBetween, type Row } from './lab.ts';

const options = 'update: { healthTimeoutMs: 4_000, trialStarts: 1 },';

const brokerAway: Row = {
  fault: 'the broker away during the trial of a new version, for 20 s',
  run: async (lab) => {
    const yard = lab.later(await createYard());
    const { operator, mqttUrl } = yard.instance;
    const line = lab.later(await layLine(Number(new URL(mqttUrl).port)));
    const unit = lab.later(await createSupervisedUnit(yard, 'trial', { label: 'old', options }));
    await operator.setEnv(unit.uuid, { PU_MQTT_PORT: line.port });
    await writeFile(join(unit.folder, 'env.json'), JSON.stringify(await operator.getEnv(unit.uuid)));
    unit.run('--grace', '2');
    await unit.hears('old', 'online');
    const note = () => readFile(join(unit.folder, '.pepeunit/link.json'), 'utf8').catch(() => '');
    await unit.waitFor('the link is noted', async () => (await note()).includes(String(line.port)));
    await unit.add({ label: 'new', options });
    await unit.update();
    await unit.hears('old', 'updateSwapped');
    await line.cut();
    const begun = performance.now();
    await unit.hears('new', 'started');
    await sleep(20_000);
    await line.mend();
    await unit.hears('new', 'updateConfirmed');
    if (unit.hasSaid('old', 'updateRolledBack')) throw new Error('it was rolled back');
    return {
      happened: 'the trial waits, and the version is confirmed once the broker is back',
      seconds: secondsBetween(begun, performance.now()),
    };
  },
};

/** What a version on trial is not to blame for. */
export const trialFaults: readonly Row[] = [brokerAway];

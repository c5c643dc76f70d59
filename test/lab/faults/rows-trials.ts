import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { layLine } from '../../support/cut-line.ts';
import { sendJson, startHttpServer } from '../../support/http-server.ts';
import { createSupervisedUnit, createYard, waitsForFile } from '../../support/supervised-unit.ts';
import { commander } from './commander.ts';
import { secondsBetween, seenBy, type Row } from './lab.ts';

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
    await unit.add({ label: 'new', first: waitsForFile('cut.txt'), options });
    await unit.update();
    await unit.hears('old', 'updateSwapped');
    await line.cut();
    await writeFile(join(unit.folder, 'cut.txt'), '');
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

/** An env that is well-formed, and that no broker is behind. */
const wrongEnv: Row = {
  fault: 'an env with another PU_MQTT_HOST, where no broker is',
  run: async (lab) => {
    const broker = await lab.mosquitto();
    let env = {};
    const { origin } = lab.later(await startHttpServer((_request, response) => sendJson(response, env)));
    const unit = await lab.unit({
      port: broker.port,
      env: { PU_DOMAIN: new URL(origin).host },
      update: { healthTimeoutMs: 10_000 },
      witness: () => seenBy([broker]),
    });
    const read = async () =>
      JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8')) as Record<string, unknown>;
    await unit.tells('online');
    env = { ...(await read()), PU_MQTT_HOST: '127.0.0.2' };
    const command = await commander(lab, broker.port);
    const begun = performance.now();
    await command('env_update', { COMMAND: 'EnvUpdate' });
    await unit.tells('offline');
    const onlineAt = await unit.tells('online', 2, 90_000);
    await unit.tells('The env before is in force again');
    const { PU_MQTT_HOST: host } = await read();
    if (host !== '127.0.0.1') throw new Error(`env.json names ${JSON.stringify(host)}`);
    return {
      happened: 'the env before is put back and works; one warning',
      seconds: secondsBetween(begun, onlineAt),
    };
  },
};

/** What becomes of a new version or env that gets no link. */
export const trialFaults: readonly Row[] = [brokerAway, wrongEnv];

import { setTimeout as sleep } from 'node:timers/promises';
import { baseTopics } from '../../support/documents.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { commander } from './commander.ts';
import { secondsBetween, seenBy, type Row } from './lab.ts';

const names = baseTopics.input_base_topic.map((key) => key.split('/')[0] ?? '');

const retained: Row = {
  fault: 'a retained command on each command topic, three connects',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const { origin, requests } = lab.later(
      await startHttpServer((_request, response) => response.writeHead(500).end()),
    );
    const command = await commander(lab, broker.port);
    for (const name of names) await command(name, { COMMAND: name, PU_COMMIT_VERSION: 'bbbb' }, true);
    const begun = performance.now();
    const env = { PU_DOMAIN: new URL(origin).host };
    const unit = await lab.unit({ port: broker.port, env, witness: () => seenBy([broker]) });
    for (const connects of [1, 2, 3]) {
      await unit.tells('online', connects);
      await sleep(1000);
      if (connects < 3) await unit.reconnect();
    }
    const asked = requests.filter(({ url }) => !url.includes('get_target_version'));
    const warnings = unit.count('was passed over');
    if (asked.length > 0 || warnings !== names.length)
      throw new Error(`${asked.length} requests, ${warnings} warnings for ${names.length} commands`);
    return {
      happened: `all ${names.length} are passed over, with one warning each; nothing is fetched`,
      seconds: secondsBetween(begun, performance.now()),
    };
  },
};

/** Commands that were not meant for now. */
export const commandFaults: readonly Row[] = [retained];

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../support/ports.ts';
import { sendJson, startHttpServer, type Answer } from '../../support/http-server.ts';
import { commander } from './commander.ts';
import { secondsBetween, seenBy, type Lab, type Row } from './lab.ts';

/** What is where the instance's REST API should be. */
interface Instance {
  readonly host: string;
  /** From now on the REST API works. */
  heal(): Promise<unknown>;
}

/** Sets up what is in place of the REST API; `well` is what answers once it works. */
type Trouble = (lab: Lab, well: Answer) => Promise<Instance>;

const answering =
  (unwell: Answer): Trouble =>
  async (lab, well) => {
    let answer = unwell;
    const { origin } = lab.later(await startHttpServer((...asked) => answer(...asked)));
    const heal = async () => (answer = well);
    return { host: new URL(origin).host, heal };
  };

const refusing: Trouble = async (lab, well) => {
  const port = await freePort();
  return { host: `127.0.0.1:${port}`, heal: async () => lab.later(await startHttpServer(well, port)) };
};

/** A unit with a link that works is told to fetch its env and to update itself, while the REST API does not work. */
const restFault = (fault: string, trouble: Trouble, more: Partial<Row> = {}): Row => ({
  fault: `the instance's REST API ${fault}`,
  ...more,
  run: async (lab) => {
    const broker = await lab.mosquitto();
    let env = '';
    const { host, heal } = await trouble(lab, (_request, response) => sendJson(response, JSON.parse(env)));
    const unit = await lab.unit({ port: broker.port, env: { PU_DOMAIN: host }, witness: () => seenBy([broker]) });
    const readEnv = () => readFile(join(unit.folder, 'env.json'), 'utf8');
    await unit.tells('online');
    env = await readEnv();
    const command = await commander(lab, broker.port);
    const begun = performance.now();
    await command('env_update', { COMMAND: 'EnvUpdate' });
    await command('update', { COMMAND: 'Update', PU_COMMIT_VERSION: 'bbbb' });
    await unit.tells('refresh failed', 1, 90_000);
    await unit.tells('Update to bbbb failed', 1, 90_000);
    const failedAt = performance.now();
    if ((await readEnv()) !== env) throw new Error('env.json has changed');
    const lines = unit.count('refresh failed') + unit.count('Update to bbbb failed');
    await heal();
    await command('env_update', { COMMAND: 'EnvUpdate' });
    await unit.tells('Settings loaded', 2);
    if (unit.count('offline') > 0) throw new Error('the link was lost');
    return {
      happened: `2 commands, ${lines} errors in the log; env.json as it was, link up; obeys once it works`,
      seconds: secondsBetween(begun, failedAt),
    };
  },
});

const errorPage: Answer = (_request, response) => {
  response.writeHead(500, { 'content-type': 'text/html' });
  response.end('<h1>Internal Server Error</h1>');
};

/** What is between the unit and its instance's REST API. */
export const restFaults: readonly Row[] = [
  restFault('down (500)', answering(errorPage), {
    reference: 'env.json overwritten with the error page: bricked at the next boot',
    isQuick: true,
  }),
  restFault('down (port refused)', refusing, { isQuick: true }),
  restFault(
    'takes requests and never answers',
    answering(() => undefined),
  ),
];

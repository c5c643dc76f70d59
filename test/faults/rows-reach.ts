import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer } from '../support/http-server.ts';
import { until } from '../support/until.ts';
import { secondsBetween, seenBy, type Row } from './lab.ts';

const fixture = (name: string) => readFileSync(new URL(`../fixtures/tls/${name}`, import.meta.url), 'utf8');

const key = fixture('server.key');
const good = { key, cert: fixture('server.pem') };

const dnsFailure: Row = {
  fault: 'the first of two brokers has no address (DNS)',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const brokers = ['mqtt://no-such-host.invalid:1883', `mqtt://127.0.0.1:${broker.port}`];
    const begun = performance.now();
    const unit = await lab.unit({ mqtt: { brokers }, witness: () => seenBy([broker]) });
    const onlineAt = await unit.tells('online');
    return { happened: 'one warning, then the second, without a wait', seconds: secondsBetween(begun, onlineAt) };
  },
};

/** A broker that shows a bad certificate first, and a good one later. */
const badCertificate = (what: string, cert: string, trusted: readonly string[] = []): Row => ({
  fault: `TLS: ${what}`,
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue(undefined, { key, cert });
    const begun = performance.now();
    const mqtt = { brokers: [`mqtts://127.0.0.1:${broker.port}`], tls: { ca: [fixture('ca.pem'), ...trusted] } };
    const unit = await lab.unit({ mqtt, witness: () => broker.received });
    await unit.tells('no trusted TLS connection');
    if (broker.received.size > 0) throw new Error('it was trusted');
    broker.certify(good);
    const onlineAt = await unit.tells('online');
    return { happened: 'refused, one clear log line; in when it is good', seconds: secondsBetween(begun, onlineAt) };
  },
});

const restDown: Row = {
  fault: "the instance's REST API down (500)",
  reference: 'env.json overwritten with the error page: bricked at the next boot',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const server = lab.later(
      await startHttpServer((_request, response) => {
        response.writeHead(500, { 'content-type': 'text/html' });
        response.end('<h1>Internal Server Error</h1>');
      }),
    );
    const env = { PU_DOMAIN: new URL(server.origin).host };
    const unit = await lab.unit({ port: broker.port, env, witness: () => seenBy([broker]) });
    await unit.tells('online');
    const before = await readFile(join(unit.folder, 'env.json'), 'utf8');
    const begun = performance.now();
    await unit.refreshEnv();
    await until(() => server.requests.length > 0, { what: 'a request' });
    await unit.tells('refresh failed');
    const after = await readFile(join(unit.folder, 'env.json'), 'utf8');
    if (after !== before) throw new Error('env.json has changed');
    if (unit.count('offline') > 0) throw new Error('the link was lost');
    return {
      happened: 'env.json as it was, one error in the log, link up',
      seconds: secondsBetween(begun, performance.now()),
    };
  },
};

/** What is between the unit and its broker or instance. */
export const reachFaults: readonly Row[] = [
  dnsFailure,
  badCertificate('certificate of another host', fixture('other-name.pem')),
  badCertificate('expired certificate', fixture('expired.pem'), [fixture('expired.pem')]),
  badCertificate('unknown authority', fixture('stranger.pem')),
  restDown,
];

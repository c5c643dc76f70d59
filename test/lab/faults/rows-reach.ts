import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { secondsBetween, seenBy, type Row } from './lab.ts';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');

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

const lateName: Row = {
  fault: 'the only broker has no address (DNS) for 5 s',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const host = 'broker.pepeunit.invalid';
    const begun = performance.now();
    const unit = await lab.unit({
      port: broker.port,
      env: { PU_MQTT_HOST: host },
      mqtt: { spreadMs: 0 },
      witness: () => seenBy([broker]),
    });
    await unit.tells(`${host}:${broker.port}: the connection failed`);
    await sleep(5000);
    if (unit.count('online') > 0) throw new Error('it was online without an address');
    const lines = unit.count('MQTT broker not reached');
    await unit.name(host, '127.0.0.1');
    const namedAt = performance.now();
    const onlineAt = await unit.tells('online', 1, 90_000);
    return {
      happened: `${lines} log lines, what is published waits; online ${secondsBetween(namedAt, onlineAt)} s after it has one`,
      seconds: secondsBetween(begun, onlineAt),
    };
  },
};

/** What is between the unit and its broker. */
export const reachFaults: readonly Row[] = [
  dnsFailure,
  lateName,
  badCertificate('certificate of another host', fixture('other-name.pem')),
  badCertificate('expired certificate', fixture('expired.pem'), [fixture('expired.pem')]),
  badCertificate('unknown authority', fixture('stranger.pem')),
];

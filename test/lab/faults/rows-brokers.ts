import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import { secondsBetween, seenBy, type Row } from './lab.ts';
import type { UnitUnderFault } from './subject.ts';

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/tls/${name}`, import.meta.url), 'utf8');

const url = (port: number, scheme = 'mqtt') => `${scheme}://127.0.0.1:${port}`;

/** A unit that is on the second broker, since the first does not take it, and that stays there. */
const settles = async (unit: UnitUnderFault, begun: number, happened: string) => {
  const onlineAt = await unit.tells('online');
  await sleep(1000);
  if (unit.count('offline') > 0) throw new Error('it did not stay there');
  return { happened, seconds: secondsBetween(begun, onlineAt) };
};

const preferredDead: Row = {
  fault: 'the preferred of two brokers dead (refused), later there again, then the other dead',
  reference: 'resets the device at the third failed try',
  isQuick: true,
  run: async (lab) => {
    const [preferred, other] = [await lab.mosquitto(), await lab.mosquitto()];
    await preferred.stop();
    const brokers = [url(preferred.port), url(other.port)];
    const seen = [other];
    const begun = performance.now();
    const unit = await lab.unit({ mqtt: { brokers }, witness: () => seenBy(seen) });
    const onlineAt = await unit.tells('online');
    seen.push(await lab.mosquitto({ port: preferred.port }));
    await sleep(2000);
    if (unit.count('offline') > 0) throw new Error('a link that works was left');
    other.signal('SIGKILL');
    await unit.tells('online', 2);
    await until(() => seen[1]?.said().includes('New client connected') ?? false, { what: 'the preferred one' });
    return {
      happened: 'on the other at once; stays there while that works; at its end on the preferred one',
      seconds: secondsBetween(begun, onlineAt),
    };
  },
};

const preferredRefuses: Row = {
  fault: 'the preferred of two brokers refuses the credentials',
  reference: 'three tries, reset',
  isQuick: true,
  run: async (lab) => {
    const preferred = await lab.rogue((packet, { send, socket }) => {
      if (packet.cmd !== 'connect') return false;
      send({ cmd: 'connack', returnCode: 5, reasonCode: 0x87, sessionPresent: false });
      socket.end();
      return true;
    });
    const other = await lab.mosquitto();
    const begun = performance.now();
    const brokers = [url(preferred.port), url(other.port)];
    const unit = await lab.unit({ mqtt: { brokers }, witness: () => seenBy([other]) });
    return settles(unit, begun, 'on the other at once, not in the slow retry');
  },
};

const preferredUntrusted: Row = {
  fault: 'the preferred of two brokers shows a certificate of an unknown authority',
  isQuick: true,
  run: async (lab) => {
    const key = fixture('server.key');
    const preferred = await lab.rogue(undefined, { key, cert: fixture('stranger.pem') });
    const other = await lab.rogue(undefined, { key, cert: fixture('server.pem') });
    const begun = performance.now();
    const brokers = [url(preferred.port, 'mqtts'), url(other.port, 'mqtts')];
    const mqtt = { brokers, tls: { ca: [fixture('ca.pem')] } };
    const unit = await lab.unit({ mqtt, witness: () => other.received });
    const finding = await settles(unit, begun, 'on the other at once; the first was told nothing');
    if (preferred.received.size > 0) throw new Error('it was trusted');
    return finding;
  },
};

const webSocketKilled: Row = {
  fault: 'WebSocket: broker killed, back after 1 s',
  isQuick: true,
  run: async (lab) => {
    const first = await lab.mosquitto();
    const seen = [first];
    const brokers = [url(first.webSocketPort, 'ws')];
    const unit = await lab.unit({ mqtt: { brokers }, witness: () => seenBy(seen) });
    await unit.tells('online');
    await sleep(1000);
    const killedAt = performance.now();
    first.signal('SIGKILL');
    await unit.tells('offline');
    await sleep(1000);
    seen.push(await lab.mosquitto({ webSocketPort: first.webSocketPort }));
    const onlineAt = await unit.tells('online', 2, 90_000);
    return { happened: 'reconnects; nothing is lost', seconds: secondsBetween(killedAt, onlineAt) };
  },
};

const webSocketFrozen: Row = {
  fault: 'WebSocket: broker frozen (SIGSTOP, half-open) for 10 s',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const brokers = [url(broker.webSocketPort, 'ws')];
    const unit = await lab.unit({ mqtt: { brokers }, witness: () => seenBy([broker]) });
    await unit.tells('online');
    const frozenAt = performance.now();
    broker.signal('SIGSTOP');
    const noticed = secondsBetween(frozenAt, await unit.tells('offline'));
    await sleep(Math.max(0, frozenAt + 10_000 - performance.now()));
    broker.signal('SIGCONT');
    const onlineAt = await unit.tells('online', 2, 90_000);
    if (noticed > 8) throw new Error(`noticed after ${noticed} s, at a ping interval of 2 s`);
    return { happened: `noticed after ${noticed} s (ping interval 2 s)`, seconds: secondsBetween(frozenAt, onlineAt) };
  },
};

/** Other ways to a broker than one address over TCP. */
export const otherWays: readonly Row[] = [
  preferredDead,
  preferredRefuses,
  preferredUntrusted,
  webSocketKilled,
  webSocketFrozen,
];

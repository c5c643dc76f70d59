import { setTimeout as sleep } from 'node:timers/promises';
import mqtt from 'mqtt';
import type { Mosquitto } from '../../support/mosquitto.ts';
import { unitUuid } from '../../support/documents.ts';
import { laySlowLine } from '../../support/slow-line.ts';
import { until } from '../../support/until.ts';
import { secondsBetween, seenBy, type Lab, type Row } from './lab.ts';
import type { UnitUnderFault } from './subject.ts';

const reboots = 'resets the device at the third failed try; reboots every 2.6 s until the broker is back';

/** Kills the broker while the unit publishes, and starts it again after a while. */
const killed = (downMs: number, reference: string): Row => ({
  fault: `broker killed, back after ${downMs / 1000} s`,
  reference,
  isQuick: downMs < 1000,
  run: async (lab) => {
    const brokers: Mosquitto[] = [await lab.mosquitto()];
    const port = brokers[0]?.port ?? 0;
    const unit = await lab.unit({ port, witness: () => seenBy(brokers) });
    await unit.tells('online');
    await sleep(1000);
    const killedAt = performance.now();
    brokers[0]?.signal('SIGKILL');
    await sleep(downMs);
    brokers.push(await lab.mosquitto({ port }));
    const backAt = performance.now();
    const onlineAt = await unit.tells('online', 2, 90_000);
    const { longestPauseMs, messages } = await unit.metrics();
    return {
      happened: `online ${secondsBetween(backAt, Math.max(backAt, onlineAt))} s after the broker; ${messages.length} messages, longest pause of the loop ${longestPauseMs} ms`,
      seconds: secondsBetween(killedAt, onlineAt),
    };
  },
});

const room = 20;

/** An outage that is too long for the room there is. */
const overflowing: Row = {
  fault: `broker away for 10 s, room for ${room} messages`,
  reference: `${reboots}; what is published meanwhile is lost`,
  isQuick: true,
  run: async (lab) => {
    const brokers: Mosquitto[] = [await lab.mosquitto()];
    const port = brokers[0]?.port ?? 0;
    const unit = await lab.unit({ port, outbox: { messages: room }, witness: () => seenBy(brokers) });
    await unit.tells('online');
    const killedAt = performance.now();
    brokers[0]?.signal('SIGKILL');
    await sleep(10_000);
    brokers.push(await lab.mosquitto({ port }));
    const onlineAt = await unit.tells('online', 2, 90_000);
    const { dropped } = await unit.metrics();
    const warnings = unit.count('The queue of unsent messages is full');
    if (dropped === 0 || warnings !== 1) throw new Error(`${dropped} dropped, ${warnings} warnings`);
    return {
      happened: `the ${dropped} oldest are dropped, counted and told once; all others come`,
      seconds: secondsBetween(killedAt, onlineAt),
    };
  },
};

const absent: Row = {
  fault: 'broker absent at start, there after 3 s',
  reference: reboots,
  isQuick: true,
  run: async (lab) => {
    const first = await lab.mosquitto();
    await first.stop();
    const brokers: Mosquitto[] = [];
    const begun = performance.now();
    const unit = await lab.unit({ port: first.port, witness: () => seenBy(brokers) });
    await unit.tells('MQTT broker not reached');
    await sleep(3000);
    brokers.push(await lab.mosquitto({ port: first.port }));
    const backAt = performance.now();
    const onlineAt = await unit.tells('online');
    return {
      happened: `handlers run from the start; online ${secondsBetween(backAt, onlineAt)} s after the broker`,
      seconds: secondsBetween(begun, onlineAt),
    };
  },
};

const frozen: Row = {
  fault: 'broker frozen (SIGSTOP) while publishing, for 10 s',
  reference: 'noticed after 2 x ping interval; what is published meanwhile is lost',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const unit = await lab.unit({ port: broker.port, witness: () => seenBy([broker]) });
    await unit.tells('online');
    await sleep(1000);
    const frozenAt = performance.now();
    broker.signal('SIGSTOP');
    const noticedAt = await unit.tells('offline');
    await sleep(Math.max(0, frozenAt + 10_000 - performance.now()));
    broker.signal('SIGCONT');
    const onlineAt = await unit.tells('online', 2);
    const noticed = secondsBetween(frozenAt, noticedAt);
    if (noticed > 8) throw new Error(`noticed after ${noticed} s, at a ping interval of 2 s`);
    return { happened: `noticed after ${noticed} s (ping interval 2 s)`, seconds: secondsBetween(frozenAt, onlineAt) };
  },
};

const suspended: Row = {
  fault: 'the unit itself suspended (SIGSTOP) until the broker gives it up',
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const unit = await lab.unit({ port: broker.port, witness: () => seenBy([broker]) });
    await unit.tells('online');
    unit.signal('SIGSTOP');
    await until(() => broker.said().includes('exceeded timeout'), {
      timeoutMs: 30_000,
      what: 'the end of its patience',
    });
    await sleep(5000);
    const wokenAt = performance.now();
    unit.signal('SIGCONT');
    const onlineAt = await unit.tells('online', 2);
    return { happened: 'the broker had given it up; back at once', seconds: secondsBetween(wokenAt, onlineAt) };
  },
};

/** A second program with the same client id, which comes back at once whenever it is thrown out. */
const intrude = (lab: Lab, port: number, protocolVersion: 4 | 5) => {
  const intruder = mqtt.connect(`mqtt://127.0.0.1:${port}`, {
    clientId: unitUuid,
    protocolVersion,
    reconnectPeriod: 200,
  });
  intruder.on('error', () => undefined);
  return lab.later({ stop: () => void intruder.end(true) });
};

const takenOver = (version: 4 | 5): Row => ({
  fault: `session taken over again and again for 15 s (MQTT ${version === 5 ? '5' : '3.1.1'})`,
  reference: 'reconnects in 5 ms, ping-pong',
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const unit = await lab.unit({ port: broker.port, mqtt: { protocol: version } });
    await unit.tells('online');
    const begun = performance.now();
    const intruder = intrude(lab, broker.port, version);
    await unit.tells('offline');
    await sleep(15_000);
    const connects = unit.count('online');
    intruder.stop();
    await until(() => unit.count('online') > unit.count('offline'), { timeoutMs: 90_000, what: 'the link' });
    const onlineAt = await unit.tells('online', unit.count('online'));
    if (connects > 10) throw new Error(`${connects} connects in 15 s`);
    return {
      happened: `${connects - 1} reconnects in 15 s; waits longer each time, and is back when the other is gone`,
      seconds: secondsBetween(begun, onlineAt),
    };
  },
});

/** Two units that do not know of each other: a copied env.json, say. */
const sameUnitTwice = (version: 4 | 5): Row => ({
  fault: `two programs with the same unit for 60 s (MQTT ${version === 5 ? '5' : '3.1.1'})`,
  reference: 'reconnects in 5 ms, ping-pong',
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const options = { port: broker.port, mqtt: { protocol: version } };
    const [one, other] = (await lab.units([options, options])) as [UnitUnderFault, UnitUnderFault];
    await sleep(60_000);
    const connects = [one, other].map((unit) => unit.count('online'));
    // Mosquitto may close before it has said DISCONNECT 0x8E.
    const hint = /Another program (runs|may run) with the same unit/;
    const hints = [one, other].flatMap(({ told }) => told.filter(({ text }) => hint.test(text))).length;
    if (Math.max(...connects) > 15) throw new Error(`${connects.join(' and ')} connects in 60 s`);
    if (hints === 0) throw new Error('the log does not tell what is likely');
    return { happened: `${connects.join(' and ')} connects; the log tells what is likely ${hints} times`, seconds: 60 };
  },
});

/** A line that needs up to 16 s for a message, where an answer may take 2 s. */
const slowLine: Row = {
  fault: 'a line of 500 bytes a second, messages of up to 8 KB',
  run: async (lab) => {
    const broker = await lab.mosquitto();
    const line = lab.later(await laySlowLine(broker.port, 500));
    const witness = () => seenBy([broker]);
    const unit = await lab.unit({ port: line.port, publishEveryMs: 2000, witness });
    const begun = await unit.tells('online');
    await sleep(12_000);
    await unit.quiet();
    const { messages } = await unit.metrics();
    const hasAll = () => messages.every(({ mark }) => witness().has(mark));
    await until(hasAll, { what: 'all messages', timeoutMs: 150_000 });
    if (line.connections() !== 1 || unit.count('offline') > 0) throw new Error(`${line.connections()} connections`);
    return {
      happened: `all ${messages.length} messages are delivered, over one connection`,
      seconds: secondsBetween(begun, performance.now()),
    };
  },
};

/** What becomes of the broker itself, of the line to it, or of the unit's place in it; played on mosquitto. */
export const outages: readonly Row[] = [
  killed(300, 'connected again after 0.54 s; what is published meanwhile is lost'),
  killed(5000, `${reboots}; what is published meanwhile is lost`),
  killed(60_000, `${reboots}; what is published meanwhile is lost`),
  overflowing,
  slowLine,
  absent,
  frozen,
  suspended,
  takenOver(5),
  takenOver(4),
  sameUnitTwice(5),
  sameUnitTwice(4),
];

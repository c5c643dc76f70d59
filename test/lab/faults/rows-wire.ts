import { setTimeout as sleep } from 'node:timers/promises';
import type { Packet } from 'mqtt';
import { schemaDocument } from '../../support/documents.ts';
import { until } from '../../support/until.ts';
import type { Misbehaviour, RogueBroker } from './rogue-broker.ts';
import { secondsBetween, type Lab, type Row } from './lab.ts';
import type { UnitUnderFault } from './subject.ts';

const inputTopics = (schemaDocument()['input_topic'] as Record<string, string[]>)['input/pepeunit'] ?? [];
const [inputTopic = ''] = inputTopics;

/** A broker and a unit that is online on it and publishes. */
const online = async (lab: Lab): Promise<{ broker: RogueBroker; unit: UnitUnderFault }> => {
  const broker = await lab.rogue();
  const unit = await lab.unit({ port: broker.port, witness: () => broker.received });
  await unit.tells('online');
  return { broker, unit };
};

/** A broker that ignores a kind of packet on its first connections. */
const ignoring =
  (cmd: Packet['cmd'], connections: number): Misbehaviour =>
  (packet, { number }) =>
    packet.cmd === cmd && number < connections;

/** Does something to an open connection, and waits for the link to be back. */
const broken = (fault: string, harm: (broker: RogueBroker) => void, reference?: string): Row => ({
  fault,
  ...(reference !== undefined && { reference }),
  isQuick: true,
  run: async (lab) => {
    const { broker, unit } = await online(lab);
    await sleep(500);
    const begun = performance.now();
    harm(broker);
    const offlineAt = await unit.tells('offline');
    const onlineAt = await unit.tells('online', 2);
    return {
      happened: `noticed after ${secondsBetween(begun, offlineAt)} s`,
      seconds: secondsBetween(begun, onlineAt),
    };
  },
});

const connectUnanswered: Row = {
  fault: 'CONNECT never answered, twice',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue(ignoring('connect', 2));
    const begun = performance.now();
    const unit = await lab.unit({ port: broker.port, witness: () => broker.received });
    const onlineAt = await unit.tells('online');
    return { happened: 'each given up after its 2 s', seconds: secondsBetween(begun, onlineAt) };
  },
};

const subackMissing: Row = {
  fault: 'SUBACK missing, once',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue(ignoring('subscribe', 1));
    const unit = await lab.unit({ port: broker.port, witness: () => broker.received });
    const onlineAt = await unit.tells('online');
    const [begun = 0] = broker.connects;
    return { happened: 'given up after its 2 s; asked on a new link', seconds: secondsBetween(begun, onlineAt) };
  },
};

const toAll = (
  broker: RogueBroker,
  then: (socket: RogueBroker['open'] extends ReadonlySet<infer S> ? S : never) => void,
) => {
  for (const socket of broker.open) then(socket);
};

const pingrespMissing: Row = {
  fault: 'PINGRESP missing, nothing else comes',
  reference: 'noticed after 2 x ping interval',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue();
    const unit = await lab.unit({ port: broker.port });
    await unit.tells('online');
    const begun = performance.now();
    broker.misbehave(ignoring('pingreq', 1));
    const offlineAt = await unit.tells('offline');
    const onlineAt = await unit.tells('online', 2);
    const noticed = secondsBetween(begun, offlineAt);
    if (noticed > 8) throw new Error(`noticed after ${noticed} s, at a ping interval of 2 s`);
    return { happened: `noticed after ${noticed} s (ping interval 2 s)`, seconds: secondsBetween(begun, onlineAt) };
  },
};

const cutInside = broken('connection cut inside a packet', (broker) =>
  toAll(broker, (socket) => {
    // A PUBLISH of 100 bytes that ends after 5.
    socket.end(Buffer.from([0x30, 100, 0, 3, 0x61]));
  }),
);

const garbage = broken('garbage bytes', (broker) =>
  toAll(broker, (socket) => void socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0, 1, 2, 3]))),
);

const largeInput: Row = {
  fault: 'an input of 3 MB',
  reference: 'the reader dies silently, recovers at 2 x ping interval',
  isQuick: true,
  run: async (lab) => {
    const { broker, unit } = await online(lab);
    const begun = performance.now();
    let isSent = false;
    broker.misbehave((_packet, { send }) => {
      if (!isSent) send({ cmd: 'publish', topic: inputTopic, payload: Buffer.alloc(3 * 1024 * 1024, 'x'), qos: 0 });
      isSent = true;
      return false;
    });
    await until(async () => (await unit.metrics()).inputs > 0, { what: 'the input' });
    if (broker.connects.length !== 1) throw new Error('the link was lost');
    return { happened: 'the handler gets it, the link stays', seconds: secondsBetween(begun, performance.now()) };
  },
};

/** Fails every other connect, and cuts each link after a second, for ten seconds. */
const halfFailing: Row = {
  fault: 'half of all connects failing, and each link cut after 1 s, for 10 s',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue((packet, { number, socket }) => {
      if (packet.cmd !== 'connect') return false;
      if (number % 2 === 1) socket.destroy();
      else setTimeout(() => socket.destroy(), 1000);
      return number % 2 === 1;
    });
    const unit = await lab.unit({ port: broker.port, witness: () => broker.received });
    await unit.tells('online');
    const begun = performance.now();
    await sleep(10_000);
    broker.misbehave(undefined);
    const healedAt = performance.now();
    const isSteady = async () => {
      await until(() => unit.count('online') > unit.count('offline'), { timeoutMs: 90_000, what: 'the link' });
      const links = unit.count('online');
      await sleep(2000);
      return unit.count('online') === links && unit.count('offline') < links;
    };
    await until(isSteady, { timeoutMs: 90_000 });
    const onlineAt = await unit.tells('online', unit.count('online'));
    return {
      happened: `${broker.connects.length} connects; waits grow; steady ${Math.max(0, secondsBetween(healedAt, onlineAt))} s after it heals`,
      seconds: secondsBetween(begun, onlineAt),
    };
  },
};

const hangsUp: Row = {
  fault: 'broker hangs up right after CONNACK, for 10 s',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue((packet, { send, socket }) => {
      if (packet.cmd !== 'connect') return false;
      send({ cmd: 'connack', returnCode: 0, reasonCode: 0, sessionPresent: false });
      socket.end();
      return true;
    });
    const begun = performance.now();
    const unit = await lab.unit({ port: broker.port, witness: () => broker.received });
    await sleep(10_000);
    const connects = broker.connects.length;
    broker.misbehave(undefined);
    const onlineAt = await unit.tells('online', 1, 90_000);
    if (connects > 15) throw new Error(`${connects} connects in 10 s`);
    return { happened: `${connects} connects in 10 s: flapping counts`, seconds: secondsBetween(begun, onlineAt) };
  },
};

/** What a broker may do wrong on the wire; played on raw sockets. */
export const wireFaults: readonly Row[] = [
  connectUnanswered,
  subackMissing,
  pingrespMissing,
  cutInside,
  garbage,
  largeInput,
  halfFailing,
  hangsUp,
];

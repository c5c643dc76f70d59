import { spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Packet } from 'mqtt';
import { commandTopic } from '../../support/documents.ts';
import { generate } from '../../support/mqtt.ts';
import { until } from '../../support/until.ts';
import type { Misbehaviour } from './rogue-broker.ts';
import type { Lab, Row, UnitOptions } from './lab.ts';
import type { UnitUnderFault } from './subject.ts';

const ignoring =
  (cmd: Packet['cmd']): Misbehaviour =>
  (packet) =>
    packet.cmd === cmd;

/** Brings a unit where it is to be stopped; that it stops in time and leaves nothing is what the lab checks of each row. */
const stopped = (where: string, reach: (lab: Lab) => Promise<void>): Row => ({
  fault: `stopped: ${where}`,
  isQuick: true,
  isStop: true,
  run: async (lab) => {
    await reach(lab);
    return { happened: 'ended by itself: no timer, socket or listener was left', seconds: 0 };
  },
});

/** A unit on a broker that ignores a kind of packet. */
const ignored = (where: string, cmd: Packet['cmd'], options: Partial<UnitOptions> = {}): Row =>
  stopped(where, async (lab) => {
    let isSeen = false;
    const broker = await lab.rogue((packet, connection) => {
      isSeen ||= packet.cmd === cmd;
      return ignoring(cmd)(packet, connection);
    });
    await lab.unit({ port: broker.port, ...options });
    await until(() => isSeen, { what: cmd });
  });

/** A unit that is ending its link when it is stopped, and that nobody answers. */
const closing = (where: string, end: (unit: UnitUnderFault) => Promise<unknown>): Row =>
  stopped(`${where}, while the broker is frozen`, async (lab) => {
    const broker = await lab.mosquitto();
    const unit = await lab.unit({ port: broker.port });
    await unit.tells('online');
    broker.signal('SIGSTOP');
    void end(unit);
  });

const logSync = { cmd: 'publish', topic: commandTopic('log_sync'), payload: '{"COMMAND":"LogSync"}', qos: 0 };

const isLog = (packet: Packet): boolean => packet.cmd === 'publish' && packet.topic.includes('/log/');

const listen = `
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port));`;

/** A port that takes no more connections and refuses none: what is sent there is lost. */
const blackHole = async (lab: Lab): Promise<number> => {
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'ignore'] });
  const fillers: net.Socket[] = [];
  lab.later({
    stop: () => {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGKILL');
    },
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  child.kill('SIGSTOP');
  const port = Number(line);
  const isTaken = () =>
    new Promise<boolean>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
      fillers.push(socket);
      setTimeout(() => resolve(false), 300);
    });
  await until(async () => !(await isTaken()), { what: 'a port that takes no more' });
  return port;
};

/** Stops from every state of the mqtt machine, and from what a socket may be stuck in (M12). */
export const stops: readonly Row[] = [
  stopped('connecting into a black hole', async (lab) => {
    await lab.unit({ port: await blackHole(lab) });
    await sleep(500);
  }),
  ignored('CONNECT never answered', 'connect'),
  stopped('TLS never answered', async (lab) => {
    const broker = await lab.rogue();
    await lab.unit({ mqtt: { brokers: [`mqtts://127.0.0.1:${broker.port}`] } });
    await until(() => broker.connects.length > 0, { what: 'a connection' });
  }),
  stopped('TLS of a WebSocket never answered', async (lab) => {
    const broker = await lab.rogue();
    await lab.unit({ mqtt: { brokers: [`wss://127.0.0.1:${broker.port}/mqtt`] } });
    await until(() => broker.connects.length > 0, { what: 'a connection' });
  }),
  stopped('WebSocket never answered', async (lab) => {
    const broker = await lab.rogue();
    await lab.unit({ mqtt: { brokers: [`ws://127.0.0.1:${broker.port}/mqtt`] } });
    await until(() => broker.connects.length > 0, { what: 'a connection' });
  }),
  ignored('SUBACK missing', 'subscribe'),
  stopped('online', async (lab) => {
    const broker = await lab.rogue();
    const unit = await lab.unit({ port: broker.port });
    await unit.tells('online');
  }),
  ignored('waiting for a sign of life', 'pingreq'),
  ignored('publishing, PUBACK missing', 'publish', { publishes: true }),
  stopped('broker frozen, while publishing', async (lab) => {
    const broker = await lab.mosquitto();
    const unit = await lab.unit({ port: broker.port, publishes: true });
    await unit.tells('online');
    broker.signal('SIGSTOP');
    await sleep(1000);
  }),
  stopped('broker frozen, nothing to send', async (lab) => {
    const broker = await lab.mosquitto();
    const unit = await lab.unit({ port: broker.port });
    await unit.tells('online');
    broker.signal('SIGSTOP');
  }),
  stopped('broker frozen, over WebSocket', async (lab) => {
    const broker = await lab.mosquitto();
    const unit = await lab.unit({ mqtt: { brokers: [`ws://127.0.0.1:${broker.webSocketPort}`] }, publishes: true });
    await unit.tells('online');
    broker.signal('SIGSTOP');
    await sleep(1000);
  }),
  stopped('backing off', async (lab) => {
    const unit = await lab.unit({ port: 1 });
    await unit.tells('MQTT broker not reached');
    await sleep(1000);
  }),
  stopped('refused', async (lab) => {
    const broker = await lab.rogue((packet, { send, socket }) => {
      if (packet.cmd !== 'connect') return false;
      send({ cmd: 'connack', returnCode: 5, reasonCode: 0x87, sessionPresent: false });
      socket.end();
      return true;
    });
    const unit = await lab.unit({ port: broker.port });
    await unit.tells('MQTT broker not reached');
  }),
  closing('taking the unit off the broker', (unit) => unit.disconnect()),
  closing('twice', (unit) => unit.stop()),
  stopped('a log sync under way', async (lab) => {
    let isSeen = false;
    const broker = await lab.rogue((packet) => {
      isSeen ||= isLog(packet);
      return isLog(packet);
    });
    const unit = await lab.unit({ port: broker.port, mqtt: { protocol: 4 } });
    await unit.tells('online');
    for (let hundred = 1; hundred <= 5; hundred += 1) await unit.chat();
    for (const socket of broker.open) socket.write(generate(logSync, { protocolVersion: 4 }));
    await until(() => isSeen, { what: 'the first stored entries' });
  }),
];

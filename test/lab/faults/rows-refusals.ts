import { setTimeout as sleep } from 'node:timers/promises';
import type { Misbehaviour } from './rogue-broker.ts';
import { secondsBetween, type Finding, type Lab, type Row } from './lab.ts';

type Version = 4 | 5;

/** CONNACK codes that say no: MQTT 3.1.1 section 3.2.2.3, MQTT 5 section 3.2.2.2. */
const codes: Readonly<Record<Version, readonly number[]>> = {
  4: [1, 2, 3, 4, 5],
  5: [
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c,
    0x9d, 0x9f,
  ],
};

const hex = (code: number) => `0x${code.toString(16).padStart(2, '0')}`;

const refusing =
  (code: number): Misbehaviour =>
  (packet, { send, socket }) => {
    if (packet.cmd !== 'connect') return false;
    send({ cmd: 'connack', returnCode: code, reasonCode: code, sessionPresent: false });
    socket.end();
    return true;
  };

const refusedForMs = 10_000;

/** One unit for each code, in one process: refused for ten seconds, then let in. */
const refuseAll = async (lab: Lab, version: Version): Promise<Finding[]> => {
  const brokers = await Promise.all(codes[version].map((code) => lab.rogue(refusing(code))));
  const units = await lab.units(brokers.map(({ port }) => ({ port, mqtt: { protocol: version } })));
  await sleep(refusedForMs);
  const attempts = brokers.map(({ connects }) => connects.length);
  for (const broker of brokers) broker.misbehave(undefined);
  return Promise.all(
    units.map(async (unit, at) => {
      const begun = brokers[at]?.connects[0] ?? 0;
      const onlineAt = await unit.tells('online', 1, 90_000);
      const lines = unit.count('the broker refused the connection');
      if ((attempts[at] ?? 0) > 10) throw new Error(`${attempts[at]} attempts in ${refusedForMs} ms`);
      if (lines !== 1) throw new Error(`${lines} log lines for one reason`);
      return {
        happened: `${attempts[at]} attempts in ${refusedForMs / 1000} s, 1 log line`,
        seconds: secondsBetween(begun, onlineAt),
      };
    }),
  );
};

const summed = (version: Version, findings: readonly Finding[]): Finding => {
  const slow = findings.filter(({ seconds }) => seconds > 20).length;
  const most = Math.max(...findings.map(({ seconds }) => seconds));
  const attempts = findings.map(({ happened }) => Number.parseInt(happened, 10));
  return {
    happened: `${codes[version].map(hex).join(' ')}: ${Math.min(...attempts)} to ${Math.max(...attempts)} attempts in ${refusedForMs / 1000} s, one log line each; ${slow} retried slowly; all recovered`,
    seconds: most,
  };
};

const refusals = (version: Version): Row => ({
  fault: `every CONNACK refusal of MQTT ${version === 5 ? '5' : '3.1.1'}, for 10 s`,
  reference: 'three tries, reset',
  run: async (lab) => summed(version, await refuseAll(lab, version)),
});

export const connackRefusals: readonly Row[] = [refusals(4), refusals(5)];

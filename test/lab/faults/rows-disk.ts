import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Mosquitto } from '../../support/mosquitto.ts';
import { until } from '../../support/until.ts';
import { secondsBetween, seenBy, type Row } from './lab.ts';

/** How far any file may grow; what is written beyond fails, as on a full disk. */
const fileKb = 2;

const isJson = (line: string): boolean => {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
};

/** The lines of a log, once all of them are whole: a look can fall into a write. */
const wholeLinesOf = async (path: string): Promise<string[]> => {
  let lines: string[] = [];
  const areWhole = async () => {
    lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.trim() !== '');
    return lines.every(isJson);
  };
  await until(areWhole, { what: `each line of ${path} is JSON` });
  return lines;
};

const diskFullForLog: Row = {
  fault: 'disk full for the log',
  isQuick: true,
  run: async (lab) => {
    const broker = await lab.rogue();
    const unit = await lab.unit({ port: broker.port, fileKb, witness: () => broker.received });
    const begun = performance.now();
    await unit.tells('online');
    await unit.chat();
    await unit.tells('line 100 of');
    await sleep(2000);
    const { size } = await stat(join(unit.folder, 'log.json'));
    if (size > fileKb * 1024) throw new Error(`log.json has ${size} bytes`);
    const lines = await wholeLinesOf(join(unit.folder, 'log.json'));
    return {
      happened: `log.json stays whole with ${lines.length} lines; console, link and messages go on`,
      seconds: secondsBetween(begun, performance.now()),
    };
  },
};

const diskFullForOutbox: Row = {
  fault: 'disk full for the outbox, broker away for 8 s',
  reference: 'has no outbox: what is published meanwhile is lost',
  isQuick: true,
  run: async (lab) => {
    const first = await lab.mosquitto();
    const brokers: Mosquitto[] = [first];
    const unit = await lab.unit({ port: first.port, fileKb, witness: () => seenBy(brokers) });
    await unit.tells('online');
    const begun = performance.now();
    await first.stop();
    await sleep(8000);
    await unit.tells('is kept in memory alone');
    brokers.push(await lab.mosquitto({ port: first.port }));
    const onlineAt = await unit.tells('online', 2, 60_000);
    return {
      happened: 'one warning; what is published meanwhile waits in memory, and is sent',
      seconds: secondsBetween(begun, onlineAt),
    };
  },
};

/** A disk that takes nothing more; a limit of the process stands for it. */
export const diskFaults: readonly Row[] = [diskFullForLog, diskFullForOutbox];

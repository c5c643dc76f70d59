import { setTimeout as sleep } from 'node:timers/promises';
import { startCli } from '../../support/cli.ts';
import { startSmallDisk, type SmallDisk } from '../../support/namespaces.ts';
import { createSupervisedUnit, createYard, type YardUnit } from '../../support/supervised-unit.ts';
import { secondsBetween, type Lab, type Row } from './lab.ts';

/** It publishes, and says so. */
const busy = `
let cycles = 0;
client.setOutputHandler(async (unit) => {
  cycles += 1;
  if (cycles % 20 > 0) return;
  unit.logger.info('A line for the log, ' + 'и ещё немного '.repeat(20));
  say({ said: (await unit.publishToTopics('output/pepeunit', 'x')) ? 'published' : 'notPublished' });
});`;

/** A unit under `pepeunit run`, on a small disk of its own. */
const onSmallDisk = async (lab: Lab) => {
  const yard = lab.later(await createYard());
  const options = 'mqtt: { spreadMs: 0 },';
  const unit = lab.later(await createSupervisedUnit(yard, 'small', { label: 'one', before: busy, options }));
  const disk = lab.later(await startSmallDisk(unit.folder, 256));
  return { unit, disk, start: () => unit.adopt(startCli(['run', `${unit.folder}/main.js`, '--json'], disk)) };
};

const count = (unit: YardUnit, said: string) => unit.said().filter((line) => line.said === said).length;

/** Kills the unit's program, and waits until the next one publishes. */
const survivesKill = async (unit: YardUnit): Promise<void> => {
  const onlines = count(unit, 'online');
  const pid = unit.said().findLast(({ said }) => said === 'started')?.pid;
  if (pid === undefined) throw new Error('no unit runs');
  process.kill(pid, 'SIGKILL');
  await unit.waitFor('it is online again', () => count(unit, 'online') > onlines);
  const published = count(unit, 'published');
  await unit.waitFor('it publishes', () => count(unit, 'published') >= published + 3);
};

type When = 'from the start' | 'while it runs';

/** A disk that takes nothing, under the supervisor: the unit runs, and is started again after each kill. */
const badDisk = (state: 'full' | 'read-only', when: When, harm: (disk: SmallDisk) => Promise<void>): Row => ({
  fault: `pepeunit run on a disk that is ${state} ${when}, two kills`,
  needsNamespaces: true,
  run: async (lab) => {
    const { unit, disk, start } = await onSmallDisk(lab);
    if (when === 'from the start') await harm(disk);
    start();
    await unit.hears('one', 'online');
    if (when === 'while it runs') await harm(disk);
    await sleep(1000);
    const begun = performance.now();
    for (let kills = 0; kills < 2; kills += 1) await survivesKill(unit);
    const failures = unit.told().filter(({ type }) => type === 'failed').length;
    if (failures > 1 || count(unit, 'notPublished') > 0)
      throw new Error(`${failures} failures told, ${count(unit, 'notPublished')} messages not taken`);
    return {
      happened: `online again after each kill; the supervisor says once what it can't write`,
      seconds: secondsBetween(begun, performance.now()),
    };
  },
});

const fill = (disk: SmallDisk) => disk.fill();
const lock = (disk: SmallDisk) => disk.remount('ro');

const hangs: Row = {
  fault: 'the event loop of a confirmed unit hangs, under pepeunit run --heartbeat 2',
  run: async (lab) => {
    const yard = lab.later(await createYard());
    const before = `client.setMqttInputHandler(() => {
      say({ said: 'hangs' });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
    const unit = lab.later(await createSupervisedUnit(yard, 'hanging', { label: 'one', before }));
    unit.run('--heartbeat', '2', '--grace', '1');
    await unit.hears('one', 'online');
    // The watch begins with the first beat.
    await sleep(3000);
    await yard.instance.operator.setStateInput(unit.node('input/pepeunit'), 'x');
    await unit.hears('one', 'hangs');
    const begun = performance.now();
    await unit.waitFor('it is online again', () => count(unit, 'online') === 2);
    await unit.waitFor('its log tells', () => unit.log().some((line) => line.includes('The event loop hung')));
    return {
      happened: 'noticed, killed and started again; told in its log',
      seconds: secondsBetween(begun, performance.now()),
    };
  },
};

/** What may be wrong around `pepeunit run`. */
export const runFaults: readonly Row[] = [
  hangs,
  badDisk('full', 'from the start', fill),
  badDisk('full', 'while it runs', fill),
  badDisk('read-only', 'from the start', lock),
];

import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startCli, startNode } from '../../support/cli.ts';
import { describeWithNamespaces, mountSmallDisk, type SmallDisk } from '../../support/namespaces.ts';
import { createSupervisedUnit, createYard, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

/** Writes all that a unit writes: log lines, key-value entries, and messages to the outbox, where the last input says so. */
const busy = `
import { keyValue } from 'pepeunit-client';
let stored = 0;
let cycles = 0;
const store = keyValue.createStore(at('data'), 'figures');
client.on('offline', () => say({ said: 'offline' }));
client.setMqttInputHandler(async (unit, message) => {
  say({ said: 'heard', reason: message.text() });
  if (message.text() !== 'store') return;
  await unit.mqttClient.disconnect();
  say({ said: (await unit.publishToTopics('output/pepeunit', 'waits')) ? 'published' : 'notPublished' });
  await unit.mqttClient.connect();
});
client.setOutputHandler(async (unit) => {
  cycles += 1;
  if (cycles % 20 > 0) return;
  unit.logger.info('A line for the log, ' + 'и ещё немного '.repeat(20));
  await keyValue.set('count', stored++, store).catch((error) => say({ said: 'notStored', reason: error.message }));
  say({ said: (await unit.publishToTopics('output/pepeunit', 'x')) ? 'published' : 'notPublished' });
});
process.on('exit', (code) => say({ said: 'exit', reason: String(code) }));
`;

type Runner = 'alone' | 'under its supervisor';
type Step = (disk: SmallDisk) => Promise<void>;

const cases: [state: string, code: string, enter: Step, leave: Step, runner: Runner][] = [
  ['full', 'ENOSPC', (disk) => disk.fill(), (disk) => disk.free(), 'under its supervisor'],
  ['read-only', 'EROFS', (disk) => disk.remount('ro'), (disk) => disk.remount('rw'), 'alone'],
];

const unitOn = async (name: string) => {
  const unit = await createSupervisedUnit(yard, name, {
    label: 'one',
    before: busy,
    options: 'mqtt: { spreadMs: 0 },',
  });
  const disk = await mountSmallDisk(unit.folder, 256);
  const main = `${unit.folder}/main.js`;
  onTestFinished(() => unit.stop());
  const start = (runner: Runner) =>
    unit.adopt(runner === 'alone' ? startNode([main], disk) : startCli(['run', main, '--json'], disk));
  const count = (said: string) => unit.said().filter((line) => line.said === said).length;
  /** It gets an input, and publishes: it is as well as ever. */
  const proves = async (text: string) => {
    await yard.instance.operator.setStateInput(unit.node('input/pepeunit'), text);
    await unit.waitFor(`it hears ${text}`, () => unit.said().some(({ reason }) => reason === text));
    const before = count('published');
    await unit.waitFor('it publishes', () => count('published') >= before + 5);
    expect(count('notPublished')).toBe(0);
  };
  const warnings = (about: string) => unit.log().filter((line) => line.startsWith('Warning') && line.includes(about));
  return { unit, disk, start, count, proves, warnings };
};

describeWithNamespaces('a unit', () => {
  test.each(cases)(
    'on a disk that is %s at its start runs, says so once for each file, and writes when it can (U17, U21, S11)',
    async (state, code, enter, leave, runner) => {
      const { unit, disk, start, count, proves, warnings } = await unitOn(`${state}, ${runner}`);
      await enter(disk);
      start(runner);
      await unit.hears('one', 'online');
      await proves('first');
      // An outbox that has nothing to store writes nothing.
      await proves('store');
      await unit.waitFor('entries are told', () => warnings(code).length >= 2);
      await yard.instance.operator.sendCommand(unit.uuid, 'SchemaUpdate');
      await unit.waitFor('a document is told', () =>
        unit.log().some((line) => line.includes(`schema.json can't be written (${code})`)),
      );
      await proves('second');
      expect(warnings('kept in memory alone')).toEqual([expect.stringContaining(code)]);
      expect(warnings('do not reach the file log')).toEqual([expect.stringContaining(code)]);
      expect(count('notStored')).toBeGreaterThan(0);
      await leave(disk);
      await unit.waitFor(
        'log.json grows',
        async () => (await readFile(disk.path('log.json'), 'utf8').catch(() => '')) !== '',
      );
      await unit.waitFor('the outbox is on disk again', () => warnings('on disk again').length === 1);
      await proves('third');
      expect({ started: count('started'), exit: count('exit') }).toEqual({ started: 1, exit: 0 });
    },
  );

  test('on a disk that fills while it runs goes on, says so once for each file, and writes when it can (U17, U21, S11)', async () => {
    const { unit, disk, start, count, proves, warnings } = await unitOn('fills');
    start('under its supervisor');
    await unit.hears('one', 'online');
    await proves('first');
    await disk.fill();
    await unit.waitFor('the log is told', () => warnings('do not reach the file log').length > 0);
    await proves('second');
    await yard.instance.operator.sendCommand(unit.uuid, 'EnvUpdate');
    await unit.waitFor('a document is told', () =>
      unit.log().some((line) => line.includes("env.json can't be written (ENOSPC)")),
    );
    await disk.free();
    const size = async () => (await readFile(disk.path('log.json'))).length;
    const before = await size();
    await unit.waitFor('log.json changes', async () => (await size()) !== before);
    await proves('third');
    expect(warnings('do not reach the file log')).toHaveLength(1);
    expect({ started: count('started'), exit: count('exit') }).toEqual({ started: 1, exit: 0 });
  });
});

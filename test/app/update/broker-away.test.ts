import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseJournal, type FirmwareFlight } from '../../../services/firmware-journal.ts';
import { layLine } from '../../support/cut-line.ts';
import {
  createSupervisedUnit,
  createYard,
  waitsForFile,
  type Program,
  type Yard,
} from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

const terms = 'update: { healthTimeoutMs: 2_000, trialStarts: 2 },';

/** A unit that is online over a line which is cut before a new version that is in place connects. */
const cutOffUnit = async (name: string, next: Omit<Program, 'label'>) => {
  const line = await layLine(Number(new URL(yard.instance.mqttUrl).port));
  const unit = await createSupervisedUnit(yard, name, { label: 'old', options: terms });
  onTestFinished(async () => {
    await unit.stop();
    await line.stop();
  });
  await yard.instance.operator.setEnv(unit.uuid, { PU_MQTT_PORT: line.port });
  await writeFile(join(unit.folder, 'env.json'), JSON.stringify(await yard.instance.operator.getEnv(unit.uuid)));
  unit.run('--grace', '2');
  await unit.hears('old', 'online');
  const record = () => readFile(join(unit.folder, '.pepeunit/link.json'), 'utf8').catch(() => '');
  await unit.waitFor('the link is noted', async () => (await record()).includes(String(line.port)));
  const commit = await unit.add({ label: 'new', first: waitsForFile('cut.txt'), options: terms, ...next });
  await unit.update();
  await unit.hears('old', 'updateSwapped');
  await line.cut();
  await writeFile(join(unit.folder, 'cut.txt'), '');
  const flight = async (): Promise<FirmwareFlight | undefined> =>
    parseJournal(JSON.parse(await readFile(join(unit.folder, '.pepeunit/update.json'), 'utf8'))).flight;
  const waits = () => unit.waitFor('the trial waits', async () => (await flight())?.isWaiting === true);
  const starts = () => unit.said().filter(({ label, said }) => label === 'new' && said === 'started');
  return { unit, line, commit, flight, waits, starts };
};

describe('while the broker is away (U11)', () => {
  test('a trial waits through kills and restarts, and is confirmed when the broker is back (X3)', async () => {
    const { unit, line, commit, flight, waits, starts } = await cutOffUnit('waits', {});
    await waits();
    for (let kill = 0; kill < 3; kill += 1) {
      const before = starts();
      process.kill(before.at(-1)?.pid ?? 0, 'SIGKILL');
      await unit.waitFor('it is started again', () => starts().length > before.length);
    }
    const before = starts().length;
    await unit.stop();
    unit.run('--grace', '2');
    await unit.waitFor('it is started by another supervisor', () => starts().length > before);
    await waits();
    expect(await flight()).toMatchObject({ to: commit, starts: 0 });
    await line.mend();
    await unit.hears('new', 'updateConfirmed');
    expect(unit.hasSaid('old', 'updateRolledBack')).toBe(false);
    expect(unit.told().map(({ type }) => type)).not.toContain('overdue');
  });

  test('a version that ends by itself is rolled back', async () => {
    const { unit, line, commit } = await cutOffUnit('crashes', {
      before: 'setTimeout(() => process.exit(7), 6_000);',
    });
    await unit.waitFor('it is rolled back', () => unit.told().some(({ type }) => type === 'rolledBack'));
    expect(unit.told().find(({ type }) => type === 'rolledBack')).toMatchObject({
      version: commit,
      reason: 'it ended with code 7, in the last of 2 starts',
    });
    await line.mend();
    await unit.hears('old', 'updateRolledBack');
  });
});

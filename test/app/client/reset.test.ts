import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSupervisedUnit, createYard, type Yard, type YardUnit } from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

const reset = (unit: YardUnit) => yard.instance.operator.sendCommand(unit.uuid, 'Reset');
const starts = (unit: YardUnit) => unit.said().filter(({ said }) => said === 'online').length;
const restarted = (unit: YardUnit) => unit.waitFor('the unit is online again', () => starts(unit) === 2);
const line = 'Reset command received, restarting program';

/** The unit is online again, the platform has the line, and a second reset within the minute does nothing. */
const expectOneRestart = async (unit: YardUnit) => {
  await restarted(unit);
  await unit.waitFor('the instance has the line', () => unit.log().includes(`Info: ${line}`));
  await reset(unit);
  await unit.waitFor('the second command is counted', async () =>
    (await readFile(join(unit.folder, 'said.txt'), 'utf8')).includes('reset again'),
  );
  expect(starts(unit)).toBe(2);
};

const before = `
import { appendFileSync, existsSync } from 'node:fs';
const note = at('said.txt');
client.on('command', ({ command }) => appendFileSync(note, existsSync(note) ? command + ' again\\n' : command + '\\n'));
`;

test.concurrent.each(['restart_exec', 'restart_popen', 'exit', 'no_restart', 'env_schema_only'])(
  '%s: a reset restarts the program under its supervisor once, and counts as no crash',
  async (mode) => {
    const options = `restartMode: '${mode}',`;
    const unit = await createSupervisedUnit(
      yard,
      `run-${mode}`,
      { label: 'one', options, before },
      { PU_MIN_LOG_LEVEL: 'Info' },
    );
    const run = unit.run();
    await unit.hears('one', 'online');
    await reset(unit);
    await expectOneRestart(unit);
    expect(unit.told().filter(({ type }) => type === 'waiting' || type === 'failed')).toEqual([]);
    run.child.kill('SIGTERM');
    expect((await run.ended).code).toBe(0);
  },
);

test.concurrent.each(['restart_exec', 'no_restart'])(
  '%s with no supervisor: the program restarts itself',
  async (mode) => {
    const options = `restartMode: '${mode}',`;
    const unit = await createSupervisedUnit(yard, `alone-${mode}`, { label: 'one', options, before });
    const run = unit.runAlone();
    await unit.hears('one', 'online');
    await reset(unit);
    await expectOneRestart(unit);
    run.child.kill('SIGTERM');
    await run.ended;
  },
);

test('exit with no supervisor: the program leaves with 0, and its service manager starts it', async () => {
  const unit = await createSupervisedUnit(yard, 'exit-alone', {
    label: 'one',
    options: "restartMode: 'exit',",
    before,
  });
  const run = unit.runAlone();
  await unit.hears('one', 'online');
  await reset(unit);
  expect((await run.ended).code).toBe(0);
  const again = unit.runAlone();
  await restarted(unit);
  await unit.waitFor('the instance has the line', () => unit.log().includes(`Info: ${line}`));
  again.child.kill('SIGTERM');
  await again.ended;
});

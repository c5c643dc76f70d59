import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { isRunning } from '../../../adapters/node/fs/process-identity.ts';
import { holdDownloads } from '../../support/held-download.ts';
import {
  createYard,
  createSupervisedUnit,
  loadsUntilOrphaned,
  type Yard,
  type YardUnit,
} from '../../support/supervised-unit.ts';

let yard: Yard;
beforeAll(async () => {
  yard = await createYard();
});
afterAll(() => yard.stop());

const timeout = 90_000;
const talking = `
let sent = 0;
client.setMqttInputHandler((unit, message) => say({ said: 'heard', text: message.text() }));
client.setOutputHandler((unit) => unit.publishToTopics('output/pepeunit', String(sent++)), { onlineOnly: true });
`;

const began = (unit: YardUnit, label: string) =>
  unit
    .said()
    .flatMap((line) => (line.label === label && line.said === 'updateBegan' ? [line.target?.commitVersion] : []));

test.concurrent(
  'the app goes on through a slow download, and a command during it comes after (U15, U19)',
  { timeout },
  async () => {
    const link = await holdDownloads(yard.instance.httpUrl);
    onTestFinished(() => link.stop());
    const unit = await createSupervisedUnit(yard, 'slow', { label: 'one', before: talking });
    const env = JSON.parse(await readFile(join(unit.folder, 'env.json'), 'utf8')) as object;
    await writeFile(join(unit.folder, 'env.json'), JSON.stringify({ ...env, PU_DOMAIN: link.domain }));
    unit.run();
    await unit.hears('one', 'online');
    const two = await unit.add({ label: 'two', files: { 'ballast.txt': randomBytes(200_000).toString('base64') } });
    await unit.update();
    await unit.waitFor('the archive trickles', () => link.held() > 0);
    const published = () =>
      yard.events.filter((event) => event.type === 'published' && event.unit === unit.uuid).length;
    const before = published();
    for (let index = 0; index < 20; index += 1)
      await yard.instance.operator.setStateInput(unit.node('input/pepeunit'), String(index));
    await unit.waitFor('inputs are handled and outputs published', () => {
      const heard = unit.said().filter(({ said }) => said === 'heard').length;
      return heard >= 20 && published() >= before + 20;
    });
    expect(link.held()).toBe(1);
    await unit.update(two);
    const three = await unit.add({ label: 'three' });
    await unit.update();
    expect(began(unit, 'one')).toEqual([two]);
    link.release();
    await unit.hears('three', 'updateConfirmed');
    expect(began(unit, 'one')).toEqual([two]);
    expect(began(unit, 'two')).toEqual([three]);
    await unit.stop();
  },
);

test.concurrent(
  'of two commands 20 ms apart the last one wins, with one flight at a time (U15)',
  { timeout },
  async () => {
    const unit = await createSupervisedUnit(yard, 'hasty', { label: 'one' });
    unit.run();
    await unit.hears('one', 'online');
    const two = await unit.add({ label: 'two' });
    const three = await unit.add({ label: 'three' });
    await unit.update(two);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await unit.update(three);
    await unit.update(three);
    await unit.hears('three', 'updateConfirmed');
    const flights = unit.said().filter(({ said }) => /^update(Began|Failed|Swapped)$/.test(said));
    flights.forEach(({ said }, index) => expect(said === 'updateBegan', JSON.stringify(flights)).toBe(index % 2 === 0));
    await unit.update(three);
    await unit.hears('three', 'updateSkipped');
    expect(await readFile(join(unit.folder, 'main.js'), 'utf8')).toContain("label: 'three'");
    await unit.stop();
  },
);

test.concurrent('two units side by side update at once and never mix, each in private (U20)', { timeout }, async () => {
  const units = await Promise.all(
    ['left', 'right'].map((name) =>
      createSupervisedUnit(yard, name, { label: `${name}-one`, files: { 'mine.txt': name } }),
    ),
  );
  for (const unit of units) unit.run();
  await Promise.all(units.map((unit, index) => unit.hears(['left-one', 'right-one'][index] ?? '', 'online')));
  await Promise.all(units.map((unit, index) => unit.add({ label: ['left-two', 'right-two'][index] ?? '' })));
  await Promise.all(units.map((unit) => unit.update()));
  await Promise.all(units.map((unit, index) => unit.hears(['left-two', 'right-two'][index] ?? '', 'updateConfirmed')));
  for (const [index, unit] of units.entries()) {
    const tree = await unit.tree();
    expect(tree['main.js']).toContain(['left-two', 'right-two'][index]);
    expect(tree['mine.txt'], 'no update brought it').toBe(['left', 'right'][index]);
    expect((await stat(join(unit.folder, '.pepeunit'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(unit.folder, '.pepeunit/update.json'))).mode & 0o777).toBe(0o600);
    await unit.stop();
  }
});

test.concurrent(
  'a version that was wanted while the unit was away is taken up after the connect (M18)',
  { timeout },
  async () => {
    const unit = await createSupervisedUnit(yard, 'away', { label: 'one' });
    await unit.add({ label: 'two' });
    await unit.update();
    unit.run();
    await unit.hears('two', 'updateConfirmed');
    expect(began(unit, 'one')).toHaveLength(1);
    await unit.stop();
  },
);

test.concurrent(
  'without a supervisor a version that does not get ready rolls itself back (U11)',
  { timeout },
  async () => {
    const terms = 'update: { healthTimeoutMs: 1500 },';
    const unit = await createSupervisedUnit(yard, 'alone', { label: 'one', options: terms });
    unit.runAlone();
    await unit.hears('one', 'online');
    await unit.add({ label: 'two', options: terms.replace('{', '{ ready: () => false,') });
    await unit.update();
    await unit.hears('one', 'updateRolledBack');
    expect(await readFile(join(unit.folder, 'main.js'), 'utf8')).toContain("label: 'one'");
    await unit.waitFor('the log says what nobody does here', () =>
      unit.log().some((line) => /^Warning: Version .* is on trial, start 1 of 3; without `pepeunit run`/.test(line)),
    );
    await unit.stop();
  },
);

test.concurrent(
  'a unit whose supervisor was killed leaves by itself, and the next one starts it once',
  { timeout },
  async () => {
    const unit = await createSupervisedUnit(yard, 'orphan', { label: 'one' });
    const first = unit.run();
    await unit.hears('one', 'online');
    const [{ pid } = { pid: 0 }] = unit.said();
    first.child.kill('SIGKILL');
    await unit.waitFor('the orphan leaves', () => !isRunning({ pid, since: null }));
    unit.run();
    await unit.waitFor(
      'the unit is online again',
      () => unit.said().filter(({ said }) => said === 'online').length === 2,
    );
    expect(unit.said().filter(({ said }) => said === 'started')).toHaveLength(2);
    await unit.stop();
  },
);

test.concurrent.each([['10'], ['0']])(
  'a unit whose supervisor was killed while its program loads leaves too, with a beat every %s s',
  { timeout },
  async (heartbeat) => {
    const unit = await createSupervisedUnit(yard, `orphan-${heartbeat}`, { label: 'one', ...loadsUntilOrphaned });
    const first = unit.run('--heartbeat', heartbeat);
    await unit.waitFor('the program loads', () => first.stdout().includes('loads'));
    const [{ pid } = { pid: 0 }] = unit.told().flatMap((event) => (event.type === 'started' ? [event] : []));
    first.child.kill('SIGKILL');
    await unit.hears('one', 'started');
    await unit.waitFor('the orphan leaves', () => !isRunning({ pid, since: null }));
    const log = await readFile(join(unit.folder, 'log.json'), 'utf8');
    expect(log).toContain('The supervisor is gone, and the unit leaves.');
    await first.ended;
  },
);

test('nothing but the disk is needed to restore the previous version (U11)', { timeout }, async () => {
  const own = await createYard();
  const unit = await createSupervisedUnit(own, 'cut-off', { label: 'one' });
  onTestFinished(async () => {
    await unit.stop();
    await own.stop();
  });
  unit.run('--trial-starts', '1');
  await unit.hears('one', 'online');
  const before = await unit.tree();
  await unit.add({
    label: 'two',
    first: "await new Promise((resolve) => setTimeout(resolve, 2000)); throw new Error('no good');",
  });
  await unit.update();
  await unit.waitFor('the trial begins', () => unit.told().some((event) => event.type === 'started' && event.trial));
  await own.instance.stop();
  await unit.hears('one', 'updateRolledBack');
  expect(await unit.tree()).toEqual(before);
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { startCli, type CliRun } from '../support/cli.ts';
import { layLine } from '../support/cut-line.ts';
import { createSupervisedUnit, createYard } from '../support/supervised-unit.ts';
import { describeInChromium } from './chromium.ts';
import { openInspector, scrubInto, shownIn, urlOf, type Shown } from './inspector/open.ts';
import { fullOutbox, standingNow, standingsOf, witness, type Standing, type Values } from './inspector/witness.ts';

const moments = 30;
/** Clocks of the unit and of its recording differ by less, milliseconds. */
const margin = 2;

/** The states that a page shows. */
const statesOf = ({ values }: Shown): Values =>
  Object.fromEntries(Object.entries(values).map(([path, value]) => [path, JSON.parse(value) as unknown]));

/** Ten of thirty. */
const everyThird = <T>(all: readonly T[]): T[] => all.filter((_, index) => index % 3 === 0);

/** Each way to the broker and to the backend, milliseconds: what waits for an answer lasts, however fast the machine. */
const delay = 20;

/** States that a unit of this life waits in: for an answer, for its broker, or for what comes next. */
const lasting = [
  ['unit/mqtt', { linked: 'connecting' }],
  ['unit/mqtt', { linked: { open: 'subscribing' } }],
  ['unit/mqtt', { linked: { open: 'online' } }],
  ['unit/mqtt', { waiting: 'soon' }],
  ['unit/settings', { document: 'refreshing', trial: 'settled' }],
  ['unit/update', { waiting: { version: 'unwanted', target: 'asking' } }],
  ['unit/update', 'idle'],
  ['unit/update', 'downloading'],
  ['unit/update', { trial: { proving: 'connecting' } }],
] as const;

const portOf = (url: string): number => Number(new URL(url).port);

/** A unit on an instance behind lines that take their time; the one to the broker can be cut. */
const startLife = async () => {
  const yard = await createYard();
  const line = await layLine(portOf(yard.instance.mqttUrl), delay);
  const backend = await layLine(portOf(yard.instance.httpUrl), delay);
  const unit = await createSupervisedUnit(yard, 'lamp', witness('one'), { SPEED: 1 });
  onTestFinished(async () => {
    await unit.stop();
    await line.stop();
    await backend.stop();
    await yard.stop();
  });
  const ways = { PU_MQTT_PORT: line.port, PU_DOMAIN: `127.0.0.1:${backend.port}` };
  await yard.instance.operator.setEnv(unit.uuid, ways);
  await writeFile(join(unit.folder, 'env.json'), JSON.stringify(await yard.instance.operator.getEnv(unit.uuid)));
  const run = unit.run('--inspect', '--grace', '2');
  const url = await urlOf(run);
  const onlineCount = () => unit.said().filter(({ said }) => said === 'online').length;
  const sendCommand = (command: 'EnvUpdate') => yard.instance.operator.sendCommand(unit.uuid, command);
  return {
    unit,
    run,
    url,
    /** What happens in this life, a step after the other, each over when the unit says so. */
    steps: {
      'it goes online': () => unit.hears('one', 'online'),
      'its broker is away': async () => {
        await line.cut();
        await unit.waitFor('its messages wait', () => fullOutbox(run) !== undefined);
      },
      'its broker is back': async () => {
        await line.mend();
        await unit.waitFor('it is online again', () => onlineCount() === 2);
      },
      'it gets a command': async () => {
        await yard.instance.operator.setEnv(unit.uuid, { ...ways, SPEED: 2 });
        await sendCommand('EnvUpdate');
        await unit.waitFor('it has the new env', async () =>
          (await readFile(join(unit.folder, 'env.json'), 'utf8')).includes('"SPEED": 2'),
        );
      },
      'it gets a new version': async () => {
        await unit.add(witness('two'));
        await unit.update();
        await unit.hears('two', 'updateConfirmed');
      },
      'a broken version is rolled back': async () => {
        await unit.add({ label: 'broken', first: 'process.exit(3);' });
        const before = onlineCount();
        await unit.update();
        await unit.hears('two', 'updateRolledBack');
        await unit.waitFor('it is online again', () => onlineCount() > before);
      },
    },
  };
};

/** Whether a live page shows where the unit stands. */
const isLive = async (page: Page, run: CliRun): Promise<boolean> => {
  const shown = statesOf(await shownIn(page));
  return isDeepStrictEqual(shown, standingNow(run));
};

/** At least as many times as there are moments, each way in which the unit stood among them. */
const spread = <T extends Required<Standing>>(standings: readonly T[]): T[] => {
  const wide = standings.filter(({ from, to }) => to - from > 4 * margin);
  const oneEach = new Set(new Map(wide.map((one) => [JSON.stringify(one.values), one])).values());
  const all = [...oneEach, ...wide.filter((one) => !oneEach.has(one))];
  return Array.from({ length: Math.max(moments, oneEach.size) }, (_, n) => {
    const chosen = all[n % all.length];
    if (!chosen) throw new Error('The unit never stood still.');
    return chosen;
  });
};

describeInChromium('the life of a unit in the inspector', (browser) => {
  test('is shown as the unit itself has seen it: live, back in time, on a late page, and from a file', async () => {
    const { unit, run, url, steps } = await startLife();
    const { page, wrong } = await openInspector(browser(), { url });
    for (const [what, happens] of Object.entries(steps)) {
      await happens();
      await unit.waitFor(`the page shows it live: ${what}`, () => isLive(page, run));
    }

    const chosen = spread(standingsOf(run));
    const stood = new Set(chosen.flatMap(({ values }) => Object.entries(values).map((state) => JSON.stringify(state))));
    expect(lasting.filter((state) => !stood.has(JSON.stringify(state)))).toEqual([]);
    const shown: Shown[] = [];
    for (const standing of chosen) {
      await scrubInto(page, standing, margin);
      shown.push(await shownIn(page));
    }
    expect(shown.map(statesOf)).toEqual(chosen.map(({ values }) => values));

    const { at = 0, waiting } = fullOutbox(run) ?? {};
    await scrubInto(page, { from: at - 20, to: at + 20 });
    const inOutage = await shownIn(page);
    expect(inOutage.outbox).toBe(waiting);
    expect(statesOf(inOutage)['unit/mqtt']).toHaveProperty('waiting');
    await page.keyboard.press('Escape');
    await unit.waitFor('the page shows it live again', () => isLive(page, run));
    await unit.waitFor('the page shows that nothing waits', async () => (await shownIn(page)).outbox === 0);

    const late = await openInspector(browser(), { url });
    for (const opened of [page, late.page]) {
      await opened.keyboard.press('Home');
      for (let n = 0; n < 20; n += 1) await opened.keyboard.press('ArrowRight');
    }
    expect(await shownIn(late.page)).toEqual(await shownIn(page));

    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Save' }).click();
    const file = await (await download).path();
    expect([...wrong, ...late.wrong]).toEqual([]);
    await unit.stop();
    await page.getByRole('status').filter({ hasText: 'away' }).waitFor();
    const inspect = startCli(['inspect', file]);
    onTestFinished(() => void inspect.child.kill('SIGKILL'));
    const fromFile = await openInspector(browser(), { url: await urlOf(inspect) });
    const again: Shown[] = [];
    for (const { time } of everyThird(shown)) {
      await scrubInto(fromFile.page, { from: time - margin, to: time + margin });
      again.push(await shownIn(fromFile.page));
    }
    expect(again).toEqual(everyThird(shown).map((one) => ({ ...one, time: expect.any(Number) as number })));
    expect(fromFile.wrong).toEqual([]);
  });
});

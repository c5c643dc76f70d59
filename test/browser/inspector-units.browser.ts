import { createWebSocketInspector } from '@statelyai/inspect';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { createActor, setup } from 'xstate';
import { startCli, startNode, type CliRun } from '../support/cli.ts';
import { createSupervisedUnit, createYard, type Yard, type YardUnit } from '../support/supervised-unit.ts';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { openInspector, shownIn, startTestInspector, urlOf } from './inspector/open.ts';

const startYard = async (): Promise<Yard> => {
  const yard = await createYard();
  onTestFinished(() => yard.stop());
  return yard;
};

/** An inspector of a process of its own, which waits for units. */
const startInspecting = async (...options: string[]) => {
  const run = startCli(['inspect', ...options]);
  onTestFinished(async () => {
    run.child.kill('SIGKILL');
    await run.ended;
  });
  return urlOf(run);
};

/** Starts a unit that shows itself to an inspector, as the inspector tells people to. */
const startShown = async (yard: Yard, name: string, url: string): Promise<YardUnit & { readonly process: CliRun }> => {
  const unit = await createSupervisedUnit(yard, name, {
    label: name,
    options: `inspect: ({ type, event, actorRef }) => {
      if (type === '@xstate.event' && actorRef === client.actor && event.type === 'time.sync') say({ said: 'time.sync' });
    },`,
    before: "client.on('command', ({ command }) => say({ said: 'command', reason: command }));",
  });
  const process = startNode(['--import', 'pepeunit-client/inspect', join(unit.folder, 'main.js')], {
    cwd: unit.folder,
    env: { PEPEUNIT_INSPECTOR: url },
  });
  unit.adopt(process);
  onTestFinished(() => unit.stop());
  await unit.hears(name, 'online');
  return { ...unit, process };
};

const unitStates = (page: Page) => page.locator('.unit .unit-state').allTextContents();

/** Sends a form, and waits for what it tells. */
const submit = async (page: Page, title: string, fields: Readonly<Record<string, string>>, button: string) => {
  const card = page
    .locator('section, .card', { hasText: title })
    .filter({ has: page.locator('.control') })
    .last();
  for (const [label, value] of Object.entries(fields)) await card.getByLabel(label).fill(value);
  await card.getByRole('button', { name: button }).click();
  const outcome = card.locator('.control output');
  await until(async () => !['', 'Sent, waiting for the answer'].includes((await outcome.textContent()) ?? ''));
  return outcome.textContent();
};

describeInChromium('units in the inspector', (browser) => {
  test('of three, the killed one is shown as gone since then, and the others as online', async () => {
    const yard = await startYard();
    const url = await startInspecting();
    await startShown(yard, 'lamp', url);
    const fan = await startShown(yard, 'fan', url);
    await startShown(yard, 'lock', url);
    const { page, wrong } = await openInspector(browser(), { url });
    await page.keyboard.press('1');
    await until(async () => (await unitStates(page)).filter((text) => text.startsWith('online for')).length === 3);
    const before = Date.now();
    fan.process.child.kill('SIGKILL');
    await fan.process.ended;
    const after = Date.now();
    await until(async () => (await unitStates(page))[1]?.startsWith('ended') === true);
    expect(await unitStates(page)).toEqual([
      expect.stringMatching(/^online for/),
      expect.stringMatching(/^ended for .*The link to the unit has ended\./),
      expect.stringMatching(/^online for/),
    ]);
    await page.getByLabel('Unit', { exact: true }).selectOption({ label: 'fan' });
    const { time } = await shownIn(page);
    // The inspector hears of it a little later than the system.
    const late = 5_000;
    expect(time).toBeGreaterThan(before - late);
    expect(time).toBeLessThan(after + late);
    expect(wrong).toEqual([]);
  });

  test('a page with --control sends an event, a publish and a command', async () => {
    const yard = await startYard();
    const url = await startInspecting('--control');
    const lamp = await startShown(yard, 'lamp', url);
    const { page, wrong } = await openInspector(browser(), { url });
    await page.keyboard.press('3');
    await page.locator('[data-actor="unit"]').click();
    const seen = lamp.said().filter(({ said }) => said === 'time.sync').length;
    expect(await submit(page, 'Send to', { Event: 'time.sync' }, 'Send')).toBe('Done');
    await lamp.waitFor(
      'it takes the event',
      () => lamp.said().filter(({ said }) => said === 'time.sync').length > seen,
    );

    const { output_topic: outputs } = yard.instance.operator.getSchema(lamp.uuid) as unknown as {
      output_topic: Record<string, string[]>;
    };
    const [topic = ''] = outputs['output/pepeunit'] ?? [];
    await page.keyboard.press('Escape');
    await page.keyboard.press('4');
    expect(await submit(page, 'Publish', { Topic: topic, Payload: 'from the page' }, 'Publish')).toBe('Done');
    const published = yard.events.filter((event) => event.type === 'published' && event.topic === topic);
    expect(published).toMatchObject([{ payload: Buffer.from('from the page'), qos: 1 }]);

    await page.keyboard.press('Escape');
    await page.keyboard.press('1');
    expect(await submit(page, 'Commands', {}, 'LogSync')).toBe('Done');
    await lamp.waitFor('it obeys', () => lamp.said().some(({ said }) => said === 'command'));
    expect(wrong).toEqual([]);
  });

  test('a page without it has no controls, and a forged request is refused', async () => {
    const yard = await startYard();
    const url = await startInspecting();
    const lamp = await startShown(yard, 'lamp', url);
    const { page, wrong } = await openInspector(browser(), { url });
    for (const key of ['1', '2', '3', '4', '5', '6']) {
      await page.keyboard.press(key);
      expect(await page.locator('.control').count()).toBe(0);
    }
    const answers = await page.evaluate(
      (source) =>
        new Promise<string[]>((resolve) => {
          const socket = new WebSocket(new URL('page', location.href.replace('http:', 'ws:')));
          const requests = [{ command: 'Reset' }, { publish: 'x', topic: 'x' }, { send: { type: 'time.sync' }, to: 0 }];
          const got: string[] = [];
          socket.addEventListener('open', () =>
            requests.forEach((what, id) => socket.send(JSON.stringify(['do', id, source, what]))),
          );
          socket.addEventListener('message', ({ data }) => {
            if (!String(data).startsWith('["did"')) return;
            if (got.push(String(data)) === requests.length) resolve(got);
          });
        }),
      lamp.uuid,
    );
    const refusal = 'This inspector only shows. Start it with --control.';
    expect(answers.map((answer) => JSON.parse(answer) as unknown)).toEqual([0, 1, 2].map((id) => ['did', id, refusal]));
    expect(lamp.said().filter(({ said }) => said === 'command')).toEqual([]);
    expect(wrong).toEqual([]);
  });

  test('an app of XState that knows nothing of this package shows its states', async () => {
    const inspector = await startTestInspector();
    const stock = createWebSocketInspector({ url: new URL('stately', inspector.url.replace('http:', 'ws:')).href });
    onTestFinished(() => stock.stop());
    const feedback = setup({}).createMachine({
      id: 'feedback',
      initial: 'prompt',
      states: {
        prompt: { on: { good: 'thanks', bad: 'form' } },
        form: { on: { submit: 'thanks', back: 'prompt' } },
        thanks: { on: { restart: 'prompt' } },
      },
    });
    const actor = createActor(feedback, { inspect: stock.inspect }).start();
    const { page, wrong } = await openInspector(browser(), inspector);
    const value = async () => (await shownIn(page)).values['feedback'];
    await until(async () => (await value()) === '"prompt"');
    actor.send({ type: 'bad' });
    await until(async () => (await value()) === '"form"');
    await page.keyboard.press('3');
    const active = page.locator('.chart .state.active > .state-name');
    await until(async () => isDeepStrictEqual(await active.allTextContents(), ['form']));
    await page.keyboard.press('ArrowLeft');
    await until(async () => isDeepStrictEqual(await active.allTextContents(), ['prompt']));
    expect(await value()).toBe('"prompt"');
    expect(wrong).toEqual([]);
  });
});

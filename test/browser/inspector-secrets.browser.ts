import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CDPSession } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { searchFor } from '../support/canary/search.ts';
import { createSupervisedUnit, createYard } from '../support/supervised-unit.ts';
import { until } from '../support/until.ts';
import { describeInChromium } from './chromium.ts';
import { openInspector, urlOf } from './inspector/open.ts';

const password = 'Passphrase-of-the-cellar-42';
const secretNames = ['PU_AUTH_TOKEN', 'PU_SECRET_KEY', 'PU_ENCRYPT_KEY', 'PUC_WIFI_PASS'];

/** Tells each secret wherever a program can. */
const telling = `
const { readFileSync } = await import('node:fs');
const env = JSON.parse(readFileSync(at('env.json'), 'utf8'));
const secrets = ${JSON.stringify(secretNames)}.map((name) => env[name]);
client.on('online', async () => {
  for (const secret of secrets) {
    client.logger.warning('It is ' + secret);
    await client.publishToTopics('output/pepeunit', 'It is ' + secret);
    await client.publishToTopics('output/pepeunit', JSON.stringify({ it: secret }));
    await client.publishToTopics('output/pepeunit', Buffer.from('It is ' + secret).toString('base64'));
    await client.publishToTopics('output/pepeunit', Buffer.concat([Buffer.from([255, 254]), Buffer.from(secret)]));
  }
  say({ said: 'told' });
});
client.setMqttInputHandler((unit, message) => {
  throw new Error('It was ' + message.text(), { cause: new Error(message.text()) });
});
`;

/** What a page got over its sockets, from now on. */
const framesOf = async (session: CDPSession): Promise<string[]> => {
  const frames: string[] = [];
  session.on('Network.webSocketFrameReceived', ({ response }) => frames.push(response.payloadData));
  await session.send('Network.enable');
  return frames;
};

const heapOf = async (session: CDPSession): Promise<string> => {
  const chunks: string[] = [];
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk));
  await session.send('HeapProfiler.takeHeapSnapshot', {});
  return chunks.join('');
};

describeInChromium('secrets of a unit that tells them', (browser) => {
  test('are in no document, no frame, no recording and no heap of the page (C1)', async () => {
    const yard = await createYard();
    onTestFinished(() => yard.stop());
    const unit = await createSupervisedUnit(
      yard,
      'cellar',
      { label: 'telling', before: telling },
      { PUC_WIFI_PASS: '', NOTE: '' },
    );
    onTestFinished(() => unit.stop());
    const { operator } = yard.instance;
    await operator.setEnv(unit.uuid, { PUC_WIFI_PASS: password, NOTE: `The password is ${password}.` });
    const env = await operator.getEnv(unit.uuid);
    await writeFile(join(unit.folder, 'env.json'), JSON.stringify(env));
    const secrets = secretNames.map((name) => env[name] as string);
    expect(secrets.map((secret) => secret.length > 8)).toEqual([true, true, true, true]);

    const url = await urlOf(unit.run('--inspect', '--control', '--grace', '2'));
    await unit.hears('telling', 'told');
    for (const secret of secrets) await operator.setStateInput(unit.node('input/pepeunit'), secret);
    const { page, wrong } = await openInspector(browser(), { url });
    const session = await page.context().newCDPSession(page);
    const frames = await framesOf(session);
    // The new link begins with all that was.
    await page.reload();
    await page.locator('[data-actor]').first().waitFor();
    const recording = async () => (await fetch(`${url}recording.ndjson`)).text();
    await until(async () => (await recording()).split('"failed"').length > secrets.length);
    const documents: string[] = [];
    for (const key of ['1', '2', '3', '4', '5', '6']) {
      await page.keyboard.press(key);
      const buttons = page.locator('[data-actor], .topic-row, main .event-row');
      for (let n = 0; n < Math.min(12, await buttons.count()); n += 1) {
        await buttons.nth(n).click();
        await page.keyboard.press(key);
        documents.push(await page.content(), await page.locator('body').innerText());
      }
    }
    const leaksIn = searchFor(secrets);
    expect(documents.join('\n')).toContain('It is ***');
    expect(documents.flatMap(leaksIn)).toEqual([]);
    expect(frames.join('\n')).toContain('It was ***');
    expect(frames.flatMap(leaksIn)).toEqual([]);
    const recorded = await recording();
    expect(recorded).toContain('The password is ***');
    expect(leaksIn(recorded)).toEqual([]);
    const heap = await heapOf(session);
    expect(heap).toContain('It was ***');
    expect(leaksIn(heap)).toEqual([]);
    // A secret that is there is found.
    await page.evaluate((text) => Object.assign(globalThis, { found: `It is ${text}!` }), password);
    expect(leaksIn(await heapOf(session)).length).toBeGreaterThan(0);
    expect(await readFile(join(unit.folder, 'env.json'), 'utf8')).toContain(password);
    expect(wrong).toEqual([]);
  });
});

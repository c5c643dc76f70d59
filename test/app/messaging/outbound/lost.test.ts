import { rm, readdir, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fileOutbox } from '../../../../adapters/node/outbox/outbox.ts';
import { systemClock } from '../../../../adapters/shared/clock.ts';
import { OutboxPublisher } from '../../../../app/messaging/outbound/publisher.ts';
import { temporaryFolder } from '../../../support/folder.ts';
import { until } from '../../../support/until.ts';
import { linkThat, textOf } from '../../../support/messaging.ts';

/** A publisher whose messages wait in real files. */
const publishingTo = (folder: string) => {
  const clock = systemClock();
  const warnings: string[] = [];
  const publisher = new OutboxPublisher({
    store: fileOutbox({ folder, clock, syncEveryMs: 10, segmentBytes: 4_000 }),
    clock,
    options: { rate: false },
    epochMs: Date.now,
    warn: (warning) => warnings.push(warning),
  });
  onTestFinished(() => publisher.stop());
  const publish = async (...texts: string[]) => {
    for (const text of texts) expect(await publisher.publish('t', text, { qos: 1 })).toEqual({ outcome: 'queued' });
  };
  return { publisher, warnings, publish };
};

/** What the next run of the program would find. */
const foundIn = async (folder: string): Promise<string[]> => {
  const outbox = fileOutbox({ folder, clock: systemClock() });
  const { messages } = await outbox.open();
  await outbox.close();
  return messages.map(({ payload }) => textOf(payload));
};

const segmentsIn = async (folder: string) => (await readdir(folder)).filter((name) => name.endsWith('.log'));
const long = (text: string) => text.padEnd(1_000, '.');
const first = Array.from({ length: 12 }, (_, index) => long(String(index)));

const harms: [what: string, harm: (folder: string) => Promise<unknown>][] = [
  ['the folder is deleted', (folder) => rm(folder, { recursive: true })],
  ['a folder above it is deleted', (folder) => rm(join(folder, '..'), { recursive: true })],
  ['its oldest file is deleted', async (folder) => rm(join(folder, (await segmentsIn(folder)).toSorted()[0] ?? ''))],
  [
    'its newest file is deleted',
    async (folder) => rm(join(folder, (await segmentsIn(folder)).toSorted().at(-1) ?? '')),
  ],
  ['a file is cut short', async (folder) => truncate(join(folder, (await segmentsIn(folder))[0] ?? ''), 1_500)],
];

for (const [what, harm] of harms) {
  test(`when ${what} while the unit runs, all that waits is written again, and it is told once (S4, S11)`, async () => {
    const folder = join(await temporaryFolder(), 'unit', 'outbox');
    const { publisher, warnings, publish } = publishingTo(folder);
    await publish(...first);
    await harm(folder);
    let sent = 0;
    // It is noticed with the next sync, and mended with the next message after that.
    await until(async () => {
      await publish(long(`later ${sent}`));
      sent += 1;
      return warnings.length > 0;
    });
    const all = [...first, ...Array.from({ length: sent }, (_, index) => long(`later ${index}`))];
    expect(warnings).toEqual([expect.stringMatching(/removed or changed by another program/)]);
    expect(publisher.metrics()).toMatchObject({ isVolatile: false, waiting: all.length });
    await publisher.stop();
    expect((await foundIn(folder)).toSorted()).toEqual(all.toSorted());
  });
}

test('what was lost and written again goes out once, in order (S3)', async () => {
  const folder = join(await temporaryFolder(), 'outbox');
  const { publisher, warnings, publish } = publishingTo(folder);
  await publish('1', '2');
  await rm(folder, { recursive: true });
  await until(async () => {
    await publish('x');
    return warnings.length > 0;
  });
  const sent: string[] = [];
  publisher.attach(linkThat(async (_, payload) => void sent.push(textOf(payload))));
  await until(() => publisher.metrics().waiting === 0 && publisher.metrics().sending === 0);
  expect(sent.filter((text) => text !== 'x')).toEqual(['1', '2']);
  await publisher.stop();
  expect(await foundIn(folder)).toEqual([]);
});

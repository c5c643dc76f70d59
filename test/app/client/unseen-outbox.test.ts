import { expect, onTestFinished, test } from 'vitest';
import { fileOutbox } from '../../../adapters/node/outbox/outbox.ts';
import { systemClock } from '../../../adapters/shared/clock.ts';
import { stored } from '../../contracts/outbox.ts';
import { createLiveUnit } from '../../support/live-unit.ts';
import { writeUnseenLock } from '../../support/unseen-lock.ts';
import { until } from '../../support/until.ts';

test('what waited in a container that was killed is sent by the unit in the next, which starts at once (S5, S15)', async () => {
  const unit = await createLiveUnit();
  onTestFinished(() => unit.stop());
  const folder = unit.path('.pepeunit/outbox');
  const topic = unit.topic('output_topic', 'output/pepeunit');
  const before = fileOutbox({ folder, clock: systemClock() });
  await before.open();
  await before.append(
    ['раз', 'два 🌙'].map((text, index) => stored(index + 1, text, { topic, acceptedMs: undefined })),
  );
  await before.close();
  await writeUnseenLock(unit.path('.pepeunit/outbox/lock'));

  const published = () =>
    unit.events.flatMap((event) =>
      event.type === 'published' && event.topic === topic ? [Buffer.from(event.payload).toString()] : [],
    );
  void unit.client.runMainCycle();
  await unit.client.ready();
  await unit.client.publishToTopics('output/pepeunit', 'at once');
  await until(() => published().length === 1, { what: 'what is published now' });
  await until(() => published().length === 3, { what: 'what waited', timeoutMs: 90_000 });
  expect(published()).toEqual(['at once', 'раз', 'два 🌙']);
  await until(async () => (await unit.read('log.json')).includes('on disk again'), { what: 'the word on the disk' });
  const log = await unit.read('log.json');
  expect(log.split(`The outbox in ${folder} is locked by process 7, which can't be seen from here`)).toHaveLength(2);
  expect(log).not.toContain('is in use by another program');
});

import { assert, asyncProperty, json, oneof, string } from 'fast-check';
import { expect, test } from 'vitest';
import { createLiveUnit } from '../support/live-unit.ts';

test('set then get of the state storage is the identity for every string', async () => {
  const live = await createLiveUnit();
  try {
    const text = oneof(string({ unit: 'binary', maxLength: 300 }), string({ maxLength: 300 }), json());
    await assert(
      asyncProperty(text, async (state) => {
        await live.client.setStateStorage(state);
        expect(await live.client.getStateStorage()).toBe(state);
      }),
      {
        numRuns: 150,
        examples: [[''], ['"'], ['"quoted"'], ['null'], ['\\u0000\\'], ['\u2028\ud83d\ude00'], ['x'.repeat(1_000_000)]],
      },
    );
  } finally {
    await live.stop();
  }
});

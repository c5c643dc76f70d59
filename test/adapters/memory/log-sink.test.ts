import { expect, test } from 'vitest';
import { memoryLogSink } from '../../../adapters/memory/log-sink.ts';
import { entry } from '../../contracts/log-sink.ts';

test('keeps entries as they are, counts flushes, and forgets when told', async () => {
  const sink = memoryLogSink();
  sink.write(entry('a\nb'));
  await sink.flush();
  expect(sink.entries).toEqual([entry('a\nb')]);
  sink.clear();
  expect(sink.entries).toEqual([]);
  expect(sink.flushes).toBe(1);
});

test('holds flushing until it is let go', async () => {
  const sink = memoryLogSink();
  const release = sink.hold();
  let isOut = false;
  const flushed = sink.flush().then(() => (isOut = true));
  await Promise.resolve();
  expect(isOut).toBe(false);
  release();
  await flushed;
  expect(isOut).toBe(true);
});

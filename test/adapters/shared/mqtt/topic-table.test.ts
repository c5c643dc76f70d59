import { expect, test } from 'vitest';
import { createTopicTable } from '../../../../adapters/shared/mqtt/fast/topic-table.ts';
import { seeded } from '../../../support/seeded.ts';

const bytesIn = (text: string) => Buffer.concat([Buffer.from('before'), Buffer.from(text), Buffer.from('after')]);
const at = (table: ReturnType<typeof createTopicTable>, text: string) =>
  table.at(bytesIn(text), 6, 6 + Buffer.byteLength(text));

test('each topic is told from its bytes, however many there are and in whatever order they come', () => {
  const table = createTopicTable();
  const random = seeded(1);
  const topics = Array.from({ length: 9000 }, (_, index) => `unit/${index}/дом/${'x'.repeat(index % 7)}`);
  for (let count = 0; count < 20_000; count += 1) {
    const topic = topics[Math.floor(random() * (count % 3 === 0 ? 5 : topics.length))] ?? '';
    expect(at(table, topic)).toBe(topic);
  }
});

test.each([1, 2, 8, 6000])('%i topics that come by turns', (count) => {
  const table = createTopicTable();
  for (let round = 0; round < 3; round += 1) {
    for (let index = 0; index < count; index += 1) {
      expect(at(table, `site/sensor${index}/temperature`)).toBe(`site/sensor${index}/temperature`);
    }
  }
});

test('long topics and bytes that are no UTF-8', () => {
  const table = createTopicTable();
  const long = 'long/'.repeat(1000);
  expect([at(table, long), at(table, long)]).toEqual([long, long]);
  const malformed = Buffer.from([0x61, 0xff, 0x62]);
  for (let round = 0; round < 2; round += 1) expect(table.at(malformed, 0, 3)).toBe('a\uFFFDb');
});

import { expect, test } from 'vitest';
import { MqttLogSink } from '../../../app/logging/mqtt-sink.ts';
import { delivered } from '../../../app/messaging/outbound/result.ts';
import { parseSchema } from '../../../services/schema.ts';
import { schemaDocument } from '../../support/documents.ts';

const own = (text: string) => `{"level":"Info","text":"${text}"}`;

test('entries made meanwhile follow in order; too many of them do not wait (L3)', async () => {
  const texts: string[] = [];
  const publish = async (_topic: string, payload: unknown) => {
    texts.push((JSON.parse(String(payload)) as { text: string }).text);
    return delivered;
  };
  const sink = new MqttLogSink({ publish, qosOf: () => 1, pendingOn: () => [] }, () => 64);
  const write = (text: string) => sink.write({ level: 'Info', text });
  for (let n = 0; n < 100; n += 1) write(`early ${n}`);
  sink.route(parseSchema(schemaDocument()));
  write('first');
  expect(texts).toHaveLength(65);
  texts.length = 0;
  sink.hold();
  for (const text of ['a', 'b']) write(text);
  expect(texts).toEqual([]);
  sink.release();
  expect(texts).toEqual(['a', 'b']);
  sink.hold();
  for (let n = 0; n < 1001; n += 1) write(String(n));
  expect(texts).toHaveLength(1003);
  write('last');
  await sink.flush();
  expect(texts.at(-1)).toBe('last');
});

test('what is on its way when a sync is asked for, and what follows, goes out by itself alone (L8)', () => {
  const sink = new MqttLogSink(
    { publish: async () => delivered, qosOf: () => 1, pendingOn: () => [own('under way')] },
    () => 64,
  );
  const write = (text: string) => sink.write({ level: 'Info', text });
  sink.route(parseSchema(schemaDocument()));
  write('acknowledged');
  sink.watch();
  write('after');
  sink.hold();
  write('held back');
  expect(sink.ownLines()).toEqual(['under way', 'after', 'held back'].map(own));
});

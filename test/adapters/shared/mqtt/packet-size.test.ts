import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { mqttBroker } from '../../../../adapters/shared/mqtt/broker.ts';
import { countUtf8Bytes, inGroups, publishBytes, utf8Bytes } from '../../../../adapters/shared/mqtt/packet-size.ts';
import { generate } from '../../../support/mqtt.ts';
import { startScriptedBroker } from '../../../support/scripted-broker.ts';

const texts = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'ж', '€', '🙂', '\ud83d', '\ude42') }),
  fc.string({ unit: 'binary' }),
);

test.each([
  ['', 0],
  ['plain', 5],
  ['Привет', 12],
  ['€', 3],
  ['🙂🙂', 8],
  ['\ud83d', 3],
  ['\ude42', 3],
])('%j has %i bytes as UTF-8', (text, bytes) => {
  expect([utf8Bytes(text), countUtf8Bytes(text)]).toEqual([bytes, bytes]);
});

test('a text is measured as it is encoded, whatever is in it', () => {
  fc.assert(
    fc.property(texts, (text) => {
      const bytes = new TextEncoder().encode(text).length;
      expect([utf8Bytes(text), countUtf8Bytes(text)]).toEqual([bytes, bytes]);
    }),
  );
});

test('a packet is never larger than measured, and less than ten bytes smaller', () => {
  const topics = fc.string({ unit: fc.constantFrom('t', 'ж', '🙂'), minLength: 1, maxLength: 40 });
  const payloads = fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array(), fc.constant('ж'.repeat(70_000)));
  const sent = fc.record({ topic: topics, payload: payloads, qos: fc.nat(2), protocolVersion: fc.constantFrom(4, 5) });
  fc.assert(
    fc.property(sent, ({ topic, payload, qos, protocolVersion }) => {
      const body = typeof payload === 'string' ? payload : Buffer.from(payload);
      const packet = { cmd: 'publish', topic, payload: body, qos, messageId: 1, retain: false, dup: false };
      const spare = publishBytes(topic, payload) - generate(packet, { protocolVersion }).length;
      expect(spare).toBeGreaterThanOrEqual(0);
      expect(spare).toBeLessThan(10);
    }),
  );
});

test('groups keep the order, stay within the size, and are as few as that allows', () => {
  expect(inGroups([3, 4, 5, 20, 1], (size) => size, 8)).toEqual([[3, 4], [5], [20], [1]]);
  expect(inGroups([], () => 1, 8)).toEqual([]);
});

test.each([
  ['Cyrillic letters', 'ж'.repeat(900)],
  ['emoji', '🙂'.repeat(450)],
])(
  '900 UTF-16 units of %s are refused here where the broker takes 1,000 bytes, and the link goes on',
  async (_, text) => {
    const connack = generate(
      { cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { maximumPacketSize: 1_000 } },
      { protocolVersion: 5 },
    );
    const broker = await startScriptedBroker((socket, _chunk, count) => void (count === 0 && socket.write(connack)));
    onTestFinished(broker.stop);
    const options = { clientId: 'c', username: 'u', keepaliveSeconds: 60, timeoutMs: 5_000, version: 5 } as const;
    const listener = { onMessage: () => undefined, onClosed: () => undefined };
    const url = `mqtt://127.0.0.1:${broker.port}`;
    const link = await mqttBroker().open({ ...options, url }, listener, new AbortController().signal);
    onTestFinished(() => link.close());
    for (const qos of [0, 1] as const) {
      await expect(link.publish('t', text, { qos })).rejects.toMatchObject({ code: 'refused', reasonCode: 0x95 });
    }
    expect(link.publishNow('t', text, false)).toBe(false);
    expect(link.publishNow('t', 'x'.repeat(900), false)).toBe(true);
    expect(broker.open.size).toBe(1);
  },
);

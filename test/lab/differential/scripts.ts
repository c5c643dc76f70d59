import type { MqttVersion, Qos } from '../../../services/broker.ts';
import { generate } from '../../support/mqtt.ts';
import type { Script } from './play.ts';

/** Draws a whole number from 0 up to a limit, excluded. */
type Draw = (limit: number) => number;

const topics = [
  'a',
  'unit/1/in',
  'unit/2/in',
  'unit/2/im',
  'дом/температура',
  'x'.repeat(130),
  `${'long/'.repeat(60)}end`,
];
const payloads = ['', 'x', '21.5', 'тепло', 'x'.repeat(64), 'y'.repeat(125), 'z'.repeat(400)];
const properties: readonly object[] = [
  {},
  { payloadFormatIndicator: true },
  { userProperties: { sender: 'other' }, contentType: 'text/plain' },
  { messageExpiryInterval: 60, correlationData: Buffer.from('c') },
  { topicAlias: 1 },
];

const pick = <T>(draw: Draw, items: readonly T[]): T => items[draw(items.length)] as T;

const messageOf = (draw: Draw, version: MqttVersion): Buffer => {
  const qos = pick(draw, [0, 0, 0, 1, 1, 2] as const);
  const packet = {
    cmd: 'publish',
    topic: pick(draw, topics),
    payload: pick(draw, payloads),
    qos,
    dup: qos > 0 && draw(4) === 0,
    retain: draw(4) === 0,
    ...(qos > 0 && { messageId: 1 + draw(6) }),
    ...(version === 5 &&
      draw(4) === 0 && { properties: pick(draw, draw(5) === 0 ? properties : properties.slice(0, 4)) }),
  };
  return generate(packet, { protocolVersion: version });
};

const reasonCodes = [0, 0, 0x10, 0x87, 0x97];

/** An answer to what the link has sent, most often one that fits. */
const answerOf = (draw: Draw, version: MqttVersion, sent: number): Buffer => {
  const cmd = pick(draw, ['puback', 'puback', 'puback', 'puback', 'pubrec', 'pubcomp', 'pubrel', 'unsuback'] as const);
  const code = version === 5 ? { reasonCode: cmd.startsWith('puba') ? pick(draw, reasonCodes) : 0 } : {};
  const packet = {
    cmd,
    messageId: 1 + draw(sent + 2),
    ...code,
    ...(cmd === 'unsuback' && { granted: [0] }),
    ...(version === 5 && draw(8) === 0 && { properties: { reasonString: 'why' } }),
  };
  return generate(packet, { protocolVersion: version });
};

/** A PUBACK of MQTT 5 with more than it needs. */
const longAnswer = (draw: Draw, sent: number): Buffer => {
  const code = pick(draw, reasonCodes);
  return Buffer.from([0x40, 3 + draw(2), 0, 1 + draw(sent + 1), code, 0]).subarray(0, 6);
};

const broken = (draw: Draw, packet: Buffer): Buffer => {
  const bytes = Buffer.from(packet);
  const at = draw(Math.min(bytes.length, 8));
  bytes[at] = draw(256);
  return bytes;
};

const packetOf = (draw: Draw, version: MqttVersion, sent: number): Buffer => {
  const kind = draw(20);
  if (kind < 11) return messageOf(draw, version);
  if (kind < 17) return answerOf(draw, version, sent);
  if (kind < 18) return Buffer.from([0xd0, 0]);
  const long = longAnswer(draw, sent);
  return version === 5 ? long.subarray(0, 2 + (long[1] ?? 0)) : answerOf(draw, version, sent);
};

/** Draws a session of some packets. @param random Gives numbers from 0 up to 1. */
export const scriptOf = (random: () => number): Script => {
  const draw: Draw = (limit) => Math.floor(random() * limit);
  const version = pick(draw, [4, 5] as const);
  const published = Array.from({ length: draw(5) }, () => ({
    qos: pick<Qos>(draw, [0, 1, 1, 2]),
    topic: pick(draw, topics),
    payload: pick(draw, payloads),
  }));
  const packets = Array.from({ length: 1 + draw(12) }, () => packetOf(draw, version, published.length));
  if (draw(6) === 0) packets[draw(packets.length)] = broken(draw, pick(draw, packets));
  if (draw(12) === 0) packets.push(Buffer.from([0x30, 0x81, 0x80, 0x80, 0x08]));
  if (draw(12) === 0 && version === 5) packets.push(Buffer.from([0xe0, 2, 0x8b, 0]));
  const holdEvery = draw(6) + 2;
  const answerEvery = draw(5) + 2;
  const isHolding = draw(3) === 0;
  const isAnswering = draw(3) === 0;
  return {
    version,
    published,
    packets,
    holds: (message) => isHolding && message % holdEvery === 0,
    answers: (message) => (isAnswering && message % answerEvery === 0 ? ((message % 2) as Qos) : undefined),
    isCut: draw(2) === 0,
  };
};

/** Cuts bytes into chunks, at up to so many places, or at every byte. */
export const cut = (random: () => number, bytes: Buffer, places: number): Buffer[] => {
  const at = [...new Set(Array.from({ length: places }, () => Math.floor(random() * bytes.length)))]
    .filter((place) => place > 0)
    .toSorted((one, other) => one - other);
  return [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));
};

/** The bytes in the packets that they come to by their lengths, whatever is in them. */
export const framesOf = (bytes: Buffer): Buffer[] => {
  const frames: Buffer[] = [];
  for (let from = 0; from < bytes.length;) {
    let at = from + 1;
    let length = 0;
    for (let scale = 1; at < bytes.length && at < from + 5; scale *= 128) {
      const byte = bytes[at] ?? 0;
      length += (byte & 0x7f) * scale;
      at += 1;
      if (byte < 0x80) break;
    }
    frames.push(bytes.subarray(from, at + length));
    from = at + length;
  }
  return frames;
};

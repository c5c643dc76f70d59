import type { MqttClient } from 'mqtt';
import { payloadBytes } from '../packet-size.ts';

/** Sizes of a slab: small for a link that sends now and then, and large for one that sends much at once. */
const slabBytes = { least: 2 * 1024, most: 64 * 1024 };
const publishByte = 0x30;
const qos1Bits = 0x02;
const retainBit = 0x01;
const pubackByte = 0x40;
/** Longest text that is encoded here, in case it is ASCII: for a longer one it is faster to ask the host. */
const shortText = 128;
/** Topics whose bytes are kept. */
const maxTopics = 256;

const encoder = new TextEncoder();

/** Writes a text that is ASCII. @returns Whether it was. */
const writeAscii = (text: string, to: Uint8Array, at: number): boolean => {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x80) return false;
    to[at + index] = unit;
  }
  return true;
};

const lengthBytes = (length: number): number => {
  if (length < 128) return 1;
  if (length < 16_384) return 2;
  return length < 2_097_152 ? 3 : 4;
};

/** Knows the bytes of the topics that were published on, each behind its length. */
const createTopicBytes = () => {
  const known = new Map<string, Uint8Array>();
  let lastTopic: string | undefined;
  let lastBytes = new Uint8Array();
  const encode = (topic: string): Uint8Array<ArrayBuffer> => {
    const name = encoder.encode(topic);
    const bytes = new Uint8Array(name.length + 2);
    bytes[0] = name.length >> 8;
    bytes[1] = name.length;
    bytes.set(name, 2);
    if (known.size >= maxTopics) known.clear();
    if (topic.length <= 1024) known.set(topic, bytes);
    return bytes;
  };
  return (topic: string): Uint8Array => {
    if (topic !== lastTopic) {
      lastBytes = (known.get(topic) as Uint8Array<ArrayBuffer> | undefined) ?? encode(topic);
      lastTopic = topic;
    }
    return lastBytes;
  };
};

/** Collects the packets of one turn of the event loop, and writes them at once. */
export interface WriteBuffer {
  /** Adds a message. @param id Packet identifier of one of QoS 1; 0 for one of QoS 0. */
  publish(topic: string, payload: Uint8Array | string, retain: boolean, id: number): void;
  /** Acknowledges a message of QoS 1. */
  acknowledge(id: number): void;
  /** Bytes that the connection has not taken yet. */
  unwritten(): number;
  /** Writes what was added, before the end of the turn. */
  flush(): void;
}

/** Runs a callback once the work of this turn is done. */
export const soon: (work: () => void) => unknown = typeof setImmediate === 'function' ? setImmediate : queueMicrotask;

/** The bytes that are to be written, in slabs of which each part is written once. */
const createSlabs = (stream: MqttClient['stream']) => {
  let slab = new Uint8Array();
  let size = slabBytes.least;
  let from = 0;
  let end = 0;
  let isScheduled = false;
  const flush = () => {
    if (from === end || stream.destroyed || stream.writableEnded) return;
    const bytes = slab.subarray(from, end);
    from = end;
    stream.write(bytes);
  };
  const onTurnEnd = () => {
    isScheduled = false;
    flush();
  };
  return {
    flush,
    /** @returns Where to write so many bytes, in the slab that {@link slab} gives. */
    reserve: (bytes: number): number => {
      if (end + bytes > slab.length) {
        size = end > from ? Math.min(slabBytes.most, size * 2) : Math.max(slabBytes.least, size / 2);
        flush();
        slab = new Uint8Array(Math.max(size, bytes));
        from = 0;
        end = 0;
      }
      if (!isScheduled) {
        isScheduled = true;
        soon(onTurnEnd);
      }
      const at = end;
      end += bytes;
      return at;
    },
    slab: () => slab,
    pending: () => end - from,
  };
};

/** Writes a remaining length (MQTT section 2.1.4 / 2.2.3). @returns Where it ends. */
const writeLength = (length: number, slab: Uint8Array, from: number): number => {
  let rest = length;
  let at = from;
  for (; rest >= 128; at += 1) {
    slab[at] = (rest & 0x7f) | 0x80;
    rest >>= 7;
  }
  slab[at] = rest;
  return at + 1;
};

/**
 * Creates the buffer of a connection. What the MQTT library sends comes after what was added before.
 *
 * @param hasProperties Whether a message has MQTT 5 properties, of which it is given none.
 */
export const createWriteBuffer = (client: MqttClient, hasProperties: boolean): WriteBuffer => {
  const { stream } = client;
  const slabs = createSlabs(stream);
  const topicBytes = createTopicBytes();
  client.on('packetsend', slabs.flush);
  const writePayload = (payload: Uint8Array | string, bytes: number, at: number) => {
    // An empty one may be detached, which can't be copied.
    if (bytes === 0) return;
    const slab = slabs.slab();
    if (typeof payload !== 'string') slab.set(payload, at);
    else if (bytes !== payload.length || bytes > shortText || !writeAscii(payload, slab, at)) {
      const { read, written } = encoder.encodeInto(payload, slab.subarray(at, at + bytes));
      // Node 26 stops a character early where the room is exact.
      if (written < bytes) slab.set(encoder.encode(payload.slice(read)), at + written);
    }
  };
  return {
    publish: (topic, payload, retain, id) => {
      const name = topicBytes(topic);
      const content = payloadBytes(payload);
      const length = name.length + (id === 0 ? 0 : 2) + (hasProperties ? 1 : 0) + content;
      let at = slabs.reserve(1 + lengthBytes(length) + length);
      const slab = slabs.slab();
      slab[at] = publishByte | (id === 0 ? 0 : qos1Bits) | (retain ? retainBit : 0);
      at = writeLength(length, slab, at + 1);
      slab.set(name, at);
      at += name.length;
      if (id !== 0) {
        slab[at] = id >> 8;
        slab[at + 1] = id;
        at += 2;
      }
      if (hasProperties) {
        slab[at] = 0;
        at += 1;
      }
      writePayload(payload, content, at);
    },
    acknowledge: (id) => {
      const at = slabs.reserve(4);
      const slab = slabs.slab();
      slab[at] = pubackByte;
      slab[at + 1] = 2;
      slab[at + 2] = id >> 8;
      slab[at + 3] = id;
    },
    unwritten: () => stream.writableLength + slabs.pending(),
    flush: slabs.flush,
  };
};

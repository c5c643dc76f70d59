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
class TopicBytes {
  readonly #known = new Map<string, Uint8Array>();
  #lastTopic: string | undefined;
  #lastBytes = new Uint8Array();

  of(topic: string): Uint8Array {
    if (topic !== this.#lastTopic) {
      this.#lastBytes = (this.#known.get(topic) as Uint8Array<ArrayBuffer> | undefined) ?? this.#encode(topic);
      this.#lastTopic = topic;
    }
    return this.#lastBytes;
  }

  #encode(topic: string): Uint8Array<ArrayBuffer> {
    const name = encoder.encode(topic);
    const bytes = new Uint8Array(name.length + 2);
    bytes[0] = name.length >> 8;
    bytes[1] = name.length;
    bytes.set(name, 2);
    if (this.#known.size >= maxTopics) this.#known.clear();
    if (topic.length <= 1024) this.#known.set(topic, bytes);
    return bytes;
  }
}

/** Runs a callback once the work of this turn is done. */
export const soon: (work: () => void) => unknown = typeof setImmediate === 'function' ? setImmediate : queueMicrotask;

/** The bytes that are to be written, in slabs of which each part is written once. */
class Slabs {
  readonly #stream: MqttClient['stream'];
  readonly #onTurnEnd = () => {
    this.#isScheduled = false;
    this.flush();
  };
  #slab = new Uint8Array();
  #size = slabBytes.least;
  #from = 0;
  #end = 0;
  #isScheduled = false;

  constructor(stream: MqttClient['stream']) {
    this.#stream = stream;
  }

  /** Where {@link Slabs.reserve} has reserved bytes. */
  get slab(): Uint8Array {
    return this.#slab;
  }

  /** Bytes that are not written yet. */
  get pending(): number {
    return this.#end - this.#from;
  }

  flush(): void {
    const { destroyed, writableEnded } = this.#stream;
    if (this.#from === this.#end || destroyed || writableEnded) return;
    const bytes = this.#slab.subarray(this.#from, this.#end);
    this.#from = this.#end;
    this.#stream.write(bytes);
  }

  /** @returns Where to write so many bytes, in {@link Slabs.slab}. */
  reserve(bytes: number): number {
    if (this.#end + bytes > this.#slab.length) this.#begin(bytes);
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      soon(this.#onTurnEnd);
    }
    const at = this.#end;
    this.#end += bytes;
    return at;
  }

  /** Begins a slab, larger than the last one if that was filled within a turn. */
  #begin(bytes: number): void {
    this.#size =
      this.pending > 0 ? Math.min(slabBytes.most, this.#size * 2) : Math.max(slabBytes.least, this.#size / 2);
    this.flush();
    this.#slab = new Uint8Array(Math.max(this.#size, bytes));
    this.#from = 0;
    this.#end = 0;
  }
}

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

/** Writes a payload of so many bytes. */
const writePayload = (payload: Uint8Array | string, bytes: number, slab: Uint8Array, at: number): void => {
  // An empty one may be detached, which can't be copied.
  if (bytes === 0) return;
  if (typeof payload !== 'string') slab.set(payload, at);
  else if (bytes !== payload.length || bytes > shortText || !writeAscii(payload, slab, at)) {
    const { read, written } = encoder.encodeInto(payload, slab.subarray(at, at + bytes));
    // Node 26 stops a character early where the room is exact.
    if (written < bytes) slab.set(encoder.encode(payload.slice(read)), at + written);
  }
};

/**
 * Collects the packets of one turn of the event loop, and writes them at once. What the MQTT library sends comes after what
 * was added before.
 */
export class WriteBuffer {
  readonly #stream: MqttClient['stream'];
  readonly #hasProperties: boolean;
  readonly #slabs: Slabs;
  readonly #topics = new TopicBytes();

  /** @param hasProperties Whether a message has MQTT 5 properties, of which it is given none. */
  constructor(client: MqttClient, hasProperties: boolean) {
    this.#stream = client.stream;
    this.#hasProperties = hasProperties;
    this.#slabs = new Slabs(client.stream);
    client.on('packetsend', () => this.flush());
  }

  /** Adds a message. @param id Packet identifier of one of QoS 1; 0 for one of QoS 0. */
  publish(topic: string, payload: Uint8Array | string, retain: boolean, id: number): void {
    const name = this.#topics.of(topic);
    const content = payloadBytes(payload);
    const length = name.length + (id === 0 ? 0 : 2) + (this.#hasProperties ? 1 : 0) + content;
    let at = this.#slabs.reserve(1 + lengthBytes(length) + length);
    const { slab } = this.#slabs;
    slab[at] = publishByte | (id === 0 ? 0 : qos1Bits) | (retain ? retainBit : 0);
    at = writeLength(length, slab, at + 1);
    slab.set(name, at);
    at += name.length;
    if (id !== 0) {
      slab[at] = id >> 8;
      slab[at + 1] = id;
      at += 2;
    }
    if (this.#hasProperties) {
      slab[at] = 0;
      at += 1;
    }
    writePayload(payload, content, slab, at);
  }

  /** Acknowledges a message of QoS 1. */
  acknowledge(id: number): void {
    const at = this.#slabs.reserve(4);
    const { slab } = this.#slabs;
    slab[at] = pubackByte;
    slab[at + 1] = 2;
    slab[at + 2] = id >> 8;
    slab[at + 3] = id;
  }

  /** Bytes that the connection has not taken yet. */
  unwritten(): number {
    return this.#stream.writableLength + this.#slabs.pending;
  }

  /** Writes what was added, before the end of the turn. */
  flush(): void {
    this.#slabs.flush();
  }
}

import type { MqttVersion } from '../../../../services/broker.ts';
import { maxInboundBytes } from '../packet-size.ts';
import { hasPlainProperties } from './properties.ts';

/**
 * What {@link Framer.next} has come to: a message or an acknowledgement to be handled here, `foreign` bytes for the MQTT
 * library, a packet that is `tooLarge` or `malformed`, or nothing before more bytes come.
 */
export type FrameKind = 'none' | 'message' | 'acknowledgement' | 'foreign' | 'tooLarge' | 'malformed';
/**
 * What a packet turns out to be; `passing` goes to the library as it comes, `partial` is not there as a whole, and
 * `propertied` goes to the library together with more of its kind.
 */
type PacketKind = Exclude<FrameKind, 'none'> | 'passing' | 'partial' | 'propertied';

/** Packet identifiers of the messages that were sent past the MQTT library. */
export interface OwnIds {
  has(id: number): boolean;
  /** The library is to know of a message, as an answer comes that only it can make something of. */
  handOver(id: number): void;
}

const publishType = 3;
const pubackByte = 0x40;
const retainBit = 1;
const qos1Bit = 2;
/** Most bytes of a packet's header: its type and its remaining length (MQTT section 2.1.4 / 2.2.3). */
const maxHeaderBytes = 5;
/** What the byte after the last one of a remaining length would count for. */
const longestScale = 128 ** (maxHeaderBytes - 1);
/** Reason codes of PUBACK that are no failure: success, and no matching subscribers (MQTT 5 section 3.4.2.1). */
const successCodes: readonly number[] = [0x00, 0x10];

/** First bytes of the packets that are looked into as a whole: PUBLISH of QoS 0 and 1, and what answers a message. */
const isGathered = new Uint8Array(256);
for (const byte of [0x30, 0x31, 0x32, 0x33, 0x38, 0x39, 0x3a, 0x3b, pubackByte, 0x50, 0x70, 0x90, 0xb0]) {
  isGathered[byte] = 1;
}

const nothing = new Uint8Array() as Buffer;

/** Joins pieces to bytes of the same class, which in a browser is the MQTT library's own Buffer. */
const concat = (pieces: readonly Buffer[], bytes: number): Buffer => {
  const [first = nothing] = pieces;
  return (first.constructor as typeof Buffer).concat(pieces, bytes);
};

/**
 * Finds the packets in a stream of bytes, without copying those that one chunk has as a whole.
 *
 * Its fields describe the packet that {@link Framer.next} has come to, and hold until the next call.
 */
export class Framer {
  /** The bytes that the packet stands in. */
  bytes = nothing;
  /** Where the packet, or the run of foreign bytes, begins and ends. */
  from = 0;
  end = 0;
  topicFrom = 0;
  topicEnd = 0;
  payloadFrom = 0;
  /** Packet identifier; 0 for a message of QoS 0. */
  id = 0;
  /** Remaining length. */
  length = 0;
  readonly #version: MqttVersion;
  readonly #ids: OwnIds;
  readonly #waiting: Buffer[] = [];
  /** Pieces of a packet that is not there as a whole, how many bytes they have, and how many it has; 0 if not known. */
  readonly #pieces: Buffer[] = [];
  #have = 0;
  #need = 0;
  #at = 0;
  /** Bytes that a passing packet has left; below 0 while its header goes on. */
  #left = 0;
  #scale = 1;

  constructor(version: MqttVersion, ids: OwnIds) {
    this.#version = version;
    this.#ids = ids;
  }

  /** Whether the packet is a retained message. */
  get isRetained(): boolean {
    return ((this.bytes[this.from] ?? 0) & retainBit) !== 0;
  }

  push(chunk: Buffer): void {
    this.#waiting.push(chunk);
  }

  /** Forgets what was pushed. */
  clear(): void {
    this.#waiting.length = 0;
    this.#pieces.length = 0;
    this.bytes = nothing;
    this.#at = 0;
  }

  /** Goes on to the next packet. @param takesOwn Whether any is looked into; else all are foreign, one at a time. */
  next(takesOwn: boolean): FrameKind {
    if (this.#isTooLarge()) return 'tooLarge';
    for (;;) {
      if (this.#at >= this.bytes.length && !this.#refill()) return 'none';
      this.from = this.#at;
      const kind = takesOwn && this.#left === 0 ? this.#look(this.#at) : 'passing';
      if (kind === 'partial') {
        this.#gather();
        continue;
      }
      if (kind === 'passing') this.end = this.#pass(this.#at);
      if (kind === 'propertied') this.#extend();
      this.#at = this.end;
      return kind === 'passing' || kind === 'propertied' ? 'foreign' : kind;
    }
  }

  /** Takes in the messages with properties that stand together: each by itself would have to be waited for. */
  #extend(): void {
    let { end } = this;
    while (end < this.bytes.length && this.#look(end) === 'propertied') end = this.end;
    this.end = end;
  }

  /** Whether the passing packet has stated a length over the limit. One of more than four bytes is none, as the library says. */
  #isTooLarge(): boolean {
    return this.#left > 0 && this.#scale <= longestScale && this.length > maxInboundBytes;
  }

  /** Lets a packet pass. @returns Where it ends in this chunk. */
  #pass(from: number): number {
    let at = from;
    if (this.#left === 0) {
      this.#left = -1;
      this.length = 0;
      this.#scale = 1;
      at += 1;
    }
    while (this.#left < 0 && at < this.bytes.length) {
      const byte = this.bytes[at] ?? 0;
      at += 1;
      this.length += (byte & 0x7f) * this.#scale;
      this.#scale *= 128;
      if (byte < 0x80) this.#left = this.length;
    }
    if (this.#left <= 0) return at;
    const step = Math.min(this.#left, this.bytes.length - at);
    this.#left -= step;
    return at + step;
  }

  /** Looks at the packet that begins here. */
  #look(from: number): PacketKind {
    const { bytes } = this;
    const first = bytes[from] ?? 0;
    if (isGathered[first] === 0) return 'passing';
    let at = from + 1;
    let byte = 0x80;
    let scale = 1;
    this.length = 0;
    for (; byte >= 0x80; at += 1) {
      if (at - from === maxHeaderBytes) return 'passing';
      if (at >= bytes.length) {
        this.#need = 0;
        return 'partial';
      }
      byte = bytes[at] ?? 0;
      this.length += (byte & 0x7f) * scale;
      scale *= 128;
    }
    if (this.length > maxInboundBytes) return 'tooLarge';
    this.end = at + this.length;
    if (this.end > bytes.length) {
      this.#need = this.end - from;
      return 'partial';
    }
    return first >> 4 === publishType ? this.#lookAtMessage(from, at) : this.#lookAtAnswer(first, at);
  }

  #lookAtMessage(from: number, at: number): PacketKind {
    const { bytes, end } = this;
    // The library limits the packet as a whole, on MQTT 5 alone.
    if (end - from > maxInboundBytes || end - at < 2) return 'foreign';
    this.topicFrom = at + 2;
    this.topicEnd = at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));
    let next = this.topicEnd;
    if (next === this.topicFrom || next > end) return 'foreign';
    this.id = 0;
    if (((bytes[from] ?? 0) & qos1Bit) !== 0) {
      if (next + 2 > end) return 'malformed';
      this.id = ((bytes[next] ?? 0) << 8) | (bytes[next + 1] ?? 0);
      next += 2;
      if (this.id === 0) return 'foreign';
    }
    if (this.#version === 5 && next < end) {
      if (bytes[next] !== 0) return hasPlainProperties(bytes, next, end) ? 'propertied' : 'foreign';
      next += 1;
    }
    this.payloadFrom = next;
    return 'message';
  }

  #lookAtAnswer(first: number, at: number): PacketKind {
    const { bytes, length } = this;
    this.id = length < 2 ? 0 : ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (!this.#ids.has(this.id)) return 'foreign';
    const isPlain =
      length === 2 ||
      (this.#version === 5 &&
        successCodes.includes(bytes[at + 2] ?? 0) &&
        (length === 3 || (length === 4 && bytes[at + 3] === 0)));
    if (first === pubackByte && isPlain) return 'acknowledgement';
    this.#ids.handOver(this.id);
    return 'foreign';
  }

  /** Keeps what the chunk has of a packet until the rest of it comes. */
  #gather(): void {
    const piece = this.#at === 0 ? this.bytes : this.bytes.subarray(this.#at);
    this.#pieces.push(piece);
    this.#have = piece.length;
    this.bytes = nothing;
    this.#at = 0;
  }

  /** Goes on to the next bytes. @returns Whether there are any. */
  #refill(): boolean {
    this.bytes = nothing;
    this.#at = 0;
    for (let chunk = this.#waiting.shift(); chunk; chunk = this.#waiting.shift()) {
      if (this.#pieces.length === 0) {
        this.bytes = chunk;
        return true;
      }
      this.#pieces.push(chunk);
      this.#have += chunk.length;
      if (this.#have >= this.#need) {
        this.#join(chunk);
        return true;
      }
    }
    return false;
  }

  /** Joins the pieces of a packet. The rest of the last one waits. */
  #join(last: Buffer): void {
    const surplus = this.#need === 0 ? 0 : this.#have - this.#need;
    if (surplus > 0) {
      this.#pieces[this.#pieces.length - 1] = last.subarray(0, last.length - surplus);
      this.#waiting.unshift(last.subarray(last.length - surplus));
    }
    this.bytes = concat(this.#pieces, this.#have - surplus);
    this.#pieces.length = 0;
  }
}

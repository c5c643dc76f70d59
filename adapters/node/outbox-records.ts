import { crc32 } from 'node:zlib';
import type { Qos } from '../../services/broker.ts';
import type { StoredMessage } from '../../services/outbox.ts';

/**
 * A record: CRC-32 of all that follows (4 bytes), length of the body (4), body. A body is a message or a list of removed
 * ids. All numbers are unsigned and big-endian.
 */
const headBytes = 8;
const messageKind = 1;
const removalKind = 2;
/** Kind (1), id (6), accepted (6), flags (1), length of the topic (2). */
const messageHeadBytes = 16;
const idBytes = 6;

/** What one record says. */
export type Entry =
  | { readonly message: StoredMessage; readonly bytes: number }
  | { readonly removed: readonly number[]; readonly bytes: number };

/** What was read of a file. */
export interface Records {
  readonly entries: readonly Entry[];
  /** Spans of records that are not what was written. */
  readonly damaged: readonly (readonly [from: number, to: number])[];
  /** Where the whole records end; what follows was torn off. */
  readonly end: number;
}

const sealed = (body: Buffer): Buffer => {
  const record = Buffer.allocUnsafe(headBytes + body.length);
  record.writeUInt32BE(body.length, 4);
  body.copy(record, headBytes);
  record.writeUInt32BE(crc32(record.subarray(4)), 0);
  return record;
};

export const encodeMessage = (message: StoredMessage): Buffer => {
  const topic = Buffer.from(message.topic);
  const body = Buffer.alloc(messageHeadBytes + topic.length + message.payload.length);
  body.writeUInt8(messageKind, 0);
  body.writeUIntBE(message.id, 1, idBytes);
  body.writeUIntBE(message.acceptedMs === undefined ? 0 : message.acceptedMs + 1, 7, 6);
  body.writeUInt8(message.qos | (message.retain ? 4 : 0), 13);
  body.writeUInt16BE(topic.length, 14);
  topic.copy(body, messageHeadBytes);
  body.set(message.payload, messageHeadBytes + topic.length);
  return sealed(body);
};

export const encodeRemoval = (ids: readonly number[]): Buffer => {
  const body = Buffer.alloc(1 + ids.length * idBytes);
  body.writeUInt8(removalKind, 0);
  ids.forEach((id, index) => body.writeUIntBE(id, 1 + index * idBytes, idBytes));
  return sealed(body);
};

const decodeMessage = (body: Buffer): StoredMessage => {
  const accepted = body.readUIntBE(7, 6);
  const flags = body.readUInt8(13);
  const topicEnd = messageHeadBytes + body.readUInt16BE(14);
  return {
    id: body.readUIntBE(1, idBytes),
    topic: body.toString('utf8', messageHeadBytes, topicEnd),
    payload: new Uint8Array(body.subarray(topicEnd)),
    qos: (flags & 3) as Qos,
    retain: (flags & 4) !== 0,
    acceptedMs: accepted === 0 ? undefined : accepted - 1,
  };
};

const decode = (body: Buffer, bytes: number): Entry | undefined => {
  const kind = body.readUInt8(0);
  if (kind === messageKind && body.length >= messageHeadBytes) return { message: decodeMessage(body), bytes };
  if (kind !== removalKind) return undefined;
  const count = Math.floor((body.length - 1) / idBytes);
  return { removed: Array.from({ length: count }, (_, at) => body.readUIntBE(1 + at * idBytes, idBytes)), bytes };
};

/** Where a record that begins here would end; `undefined` when it is not all there. */
const endOf = (bytes: Buffer, at: number): number | undefined => {
  if (at + headBytes > bytes.length) return undefined;
  const length = bytes.readUInt32BE(at + 4);
  const end = at + headBytes + length;
  return length === 0 || end > bytes.length ? undefined : end;
};

const entryAt = (bytes: Buffer, at: number): Entry | undefined => {
  const end = endOf(bytes, at);
  if (end === undefined || crc32(bytes.subarray(at + 4, end)) !== bytes.readUInt32BE(at)) return undefined;
  return decode(bytes.subarray(at + headBytes, end), end - at);
};

/**
 * Reads records up to where they are whole. A damaged one is passed over only when a whole one follows right behind
 * it; otherwise nothing tells where the next would begin, and the rest counts as torn off.
 */
export const readRecords = (bytes: Buffer): Records => {
  const entries: Entry[] = [];
  const damaged: (readonly [number, number])[] = [];
  let at = 0;
  for (let end = endOf(bytes, at); end !== undefined; end = endOf(bytes, at)) {
    const entry = entryAt(bytes, at);
    if (entry) entries.push(entry);
    else if (entryAt(bytes, end)) damaged.push([at, end]);
    else break;
    at = end;
  }
  return { entries, damaged, end: at };
};

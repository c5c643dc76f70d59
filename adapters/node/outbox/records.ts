import { crc32 } from 'node:zlib';
import type { Qos } from '../../../services/broker.ts';
import type { StoredMessage } from '../../../services/outbox.ts';

/**
 * Format of a record: CRC-32 of the rest (4 bytes), length of the body (4), body. A body is a message or a list of
 * removed ids. All numbers are unsigned and big-endian. The CRC starts from the file's salt, so that no bytes of a
 * payload can pass for a record.
 */
const headBytes = 8;
/** Maximum size of a segment, bytes; also bounds the search for the next whole record. */
export const maxRecordBytes = 64 * 1024 * 1024;
const messageKind = 1;
const removalKind = 2;
/** Kind of a message with its unit's UUID (16 bytes) before the topic. */
const ownedKind = 3;
const unitBytes = 16;
const maxMs = 2 ** 48 - 2;
/** Kind (1), id (6), accepted (6), flags (1), length of the topic (2). */
const messageHeadBytes = 16;
const idBytes = 6;

/** Content of one record. */
export type Entry =
  | { readonly message: StoredMessage; readonly bytes: number }
  | { readonly removed: readonly number[]; readonly bytes: number };

/** Result of reading a segment. */
export interface Records {
  readonly entries: readonly Entry[];
  /** Spans between whole records that are damaged. */
  readonly damaged: readonly Span[];
  /** Position after the last whole record. */
  readonly end: number;
  /** Whether the rest is a cut-off record, as a kill leaves it, and not damage. */
  readonly isTorn: boolean;
}

/** A range of bytes in a file. */
export type Span = readonly [from: number, to: number];

const sealed = (body: readonly Uint8Array[], salt: number): Buffer => {
  const record = Buffer.concat([Buffer.alloc(headBytes), ...body]);
  record.writeUInt32BE(record.length - headBytes, 4);
  record.writeUInt32BE(crc32(record.subarray(4), salt), 0);
  return record;
};

const unitOf = (bytes: Buffer): string =>
  bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

export const encodeMessage = ({ id, topic, payload, qos, retain, acceptedMs, unit }: StoredMessage, salt: number) => {
  const owner = Buffer.from(unit?.replaceAll('-', '') ?? '', 'hex');
  const name = Buffer.from(topic);
  const head = Buffer.alloc(messageHeadBytes);
  head.writeUInt8(owner.length === unitBytes ? ownedKind : messageKind, 0);
  head.writeUIntBE(id, 1, idBytes);
  head.writeUIntBE(acceptedMs === undefined ? 0 : Math.min(Math.max(0, acceptedMs), maxMs) + 1, 7, 6);
  head.writeUInt8(qos | (retain ? 4 : 0), 13);
  head.writeUInt16BE(name.length, 14);
  return sealed([head, owner, name, payload], salt);
};

export const encodeRemoval = (ids: readonly number[], salt: number): Buffer => {
  const body = Buffer.alloc(1 + ids.length * idBytes);
  body.writeUInt8(removalKind, 0);
  ids.forEach((id, index) => body.writeUIntBE(id, 1 + index * idBytes, idBytes));
  return sealed([body], salt);
};

/** An empty record that fills the place of a damaged one; `undefined` if the place is too small. */
export const encodeNothing = (bytes: number, salt: number): Buffer | undefined => {
  if (bytes <= headBytes) return undefined;
  const body = Buffer.alloc(bytes - headBytes);
  body.writeUInt8(removalKind, 0);
  return sealed([body], salt);
};

const isOwned = (body: Buffer): boolean => body.readUInt8(0) === ownedKind;
const topicStart = (body: Buffer): number => messageHeadBytes + (isOwned(body) ? unitBytes : 0);
const topicEnd = (body: Buffer): number => topicStart(body) + body.readUInt16BE(14);

const decodeMessage = (body: Buffer): StoredMessage => {
  const accepted = body.readUIntBE(7, 6);
  const flags = body.readUInt8(13);
  return {
    id: body.readUIntBE(1, idBytes),
    topic: body.toString('utf8', topicStart(body), topicEnd(body)),
    payload: new Uint8Array(body.subarray(topicEnd(body))),
    qos: (flags & 3) as Qos,
    retain: (flags & 4) !== 0,
    acceptedMs: accepted === 0 ? undefined : accepted - 1,
    unit: isOwned(body) ? unitOf(body.subarray(messageHeadBytes, topicStart(body))) : undefined,
  };
};

const decodeRemoval = (body: Buffer): readonly number[] => {
  const count = Math.floor((body.length - 1) / idBytes);
  return Array.from({ length: count }, (_, at) => body.readUIntBE(1 + at * idBytes, idBytes)).filter((id) => id > 0);
};

const isMessage = (body: Buffer): boolean =>
  (body.readUInt8(0) === messageKind || isOwned(body)) &&
  body.length >= messageHeadBytes &&
  topicEnd(body) <= body.length;

const isRemoval = (body: Buffer): boolean => body.readUInt8(0) === removalKind;

/** The body of the record at this position; `undefined` if none starts here or it is incomplete. */
const bodyAt = (bytes: Buffer, at: number): Buffer | undefined => {
  if (at + headBytes >= bytes.length) return undefined;
  const end = at + headBytes + bytes.readUInt32BE(at + 4);
  if (end <= at + headBytes || end > bytes.length) return undefined;
  const body = bytes.subarray(at + headBytes, end);
  return isMessage(body) || isRemoval(body) ? body : undefined;
};

const isWhole = (bytes: Buffer, at: number, body: Buffer, salt: number): boolean =>
  crc32(bytes.subarray(at + 4, at + headBytes + body.length), salt) === bytes.readUInt32BE(at);

const entryOf = (body: Buffer): Entry => {
  const bytes = headBytes + body.length;
  return isMessage(body) ? { message: decodeMessage(body), bytes } : { removed: decodeRemoval(body), bytes };
};

/** Position of the next whole record. The length of a damaged one can't be trusted, so every position is tried. */
const nextWhole = (bytes: Buffer, from: number, salt: number): number | undefined => {
  let tried = 0;
  for (let at = from; at + headBytes < bytes.length && tried < maxRecordBytes; at += 1) {
    const body = bodyAt(bytes, at);
    if (body && isWhole(bytes, at, body, salt)) return at;
    tried += body?.length ?? 0;
  }
  return undefined;
};

/** Whether a kill (a cut-off record) or a power cut (zeros) may leave a file with this end. */
const isTornTail = (tail: Buffer): boolean => {
  if (tail.every((byte) => byte === 0) || tail.length < headBytes) return true;
  const length = tail.readUInt32BE(4);
  if (length > maxRecordBytes || headBytes + length <= tail.length) return false;
  return tail.length === headBytes || [messageKind, removalKind, ownedKind].includes(tail.readUInt8(headBytes));
};

/** Reads every whole record of a file and skips damage in between. */
export const readRecords = (bytes: Buffer, salt: number): Records => {
  const entries: Entry[] = [];
  const damaged: Span[] = [];
  let end = 0;
  for (let at = nextWhole(bytes, 0, salt); at !== undefined; at = nextWhole(bytes, end, salt)) {
    if (at > end) damaged.push([end, at]);
    const entry = entryOf(bytes.subarray(at + headBytes, at + headBytes + bytes.readUInt32BE(at + 4)));
    entries.push(entry);
    end = at + entry.bytes;
  }
  return { entries, damaged, end, isTorn: isTornTail(bytes.subarray(end)) };
};

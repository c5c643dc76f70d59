/** What a time server says. */
export interface TimeAnswer {
  readonly leap?: number;
  readonly mode?: number;
  readonly stratum?: number;
  readonly referenceId?: string;
  /** The client's timestamp returned; by default the one it sent. */
  readonly origin?: Uint8Array;
  /** Unix milliseconds; nothing for a zero timestamp. */
  readonly receivedMs: number | undefined;
  readonly sentMs: number | undefined;
}

/** Writes Unix milliseconds as an NTP timestamp of the era they are in. */
const writeTimestamp = (packet: Buffer, at: number, ms: number | undefined): void => {
  if (ms === undefined) return;
  const seconds = Math.floor(ms / 1000);
  packet.writeUInt32BE((seconds + 2_208_988_800) % 2 ** 32, at);
  packet.writeUInt32BE(Math.floor(((ms - seconds * 1000) / 1000) * 2 ** 32), at + 4);
};

/** An answer's 48 bytes. */
export const timePacket = (request: Buffer, answer: TimeAnswer): Buffer => {
  const packet = Buffer.alloc(48);
  packet[0] = ((answer.leap ?? 0) << 6) | (4 << 3) | (answer.mode ?? 4);
  packet[1] = answer.stratum ?? 2;
  packet.write(answer.referenceId ?? '', 12, 'latin1');
  packet.set(answer.origin ?? request.subarray(40, 48), 24);
  writeTimestamp(packet, 32, answer.receivedMs);
  writeTimestamp(packet, 40, answer.sentMs);
  return packet;
};

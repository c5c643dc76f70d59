/** Bytes of an SNTP message without extensions (RFC 4330 section 4). */
const packetBytes = 48;

/** A server's answer, as far as a client needs it. */
export interface NtpAnswer {
  /** The client's transmit timestamp, returned; eight bytes. */
  readonly origin: Uint8Array;
  /** Leap indicator; 3 is a server that is not synchronised. */
  readonly leap: number;
  /** 4 is a server's answer to a client. */
  readonly mode: number;
  /** 0 is a kiss-o'-death, above 15 is not synchronised. */
  readonly stratum: number;
  /** Four ASCII characters; the reason of a kiss-o'-death. */
  readonly referenceId: string;
  /** When the server received the request, Unix milliseconds; `undefined` when it says nothing. */
  readonly receivedMs: number | undefined;
  /** When the server sent the answer, Unix milliseconds; `undefined` when it says nothing. */
  readonly sentMs: number | undefined;
}

const secondsTo1970 = 2_208_988_800;
const eraSeconds = 2 ** 32;
const fractions = 2 ** 32;

/**
 * Reads a 64-bit timestamp as Unix milliseconds; zero says nothing.
 *
 * Seconds with the top bit clear belong to the era that starts in 2036 (RFC 4330 section 3).
 */
const timestampAt = (view: DataView, at: number): number | undefined => {
  const seconds = view.getUint32(at);
  const fraction = view.getUint32(at + 4);
  if (seconds === 0 && fraction === 0) return undefined;
  const sinceFirstEra = seconds < 2 ** 31 ? seconds + eraSeconds : seconds;
  return (sinceFirstEra - secondsTo1970) * 1000 + (fraction * 1000) / fractions;
};

/** A client's request: version 4, mode 3, and its transmit timestamp, which any eight bytes can be. */
export const encodeRequest = (transmit: Uint8Array): Uint8Array => {
  const packet = new Uint8Array(packetBytes);
  packet[0] = 0b00_100_011;
  packet.set(transmit, 40);
  return packet;
};

/** Reads an answer; `undefined` when it is too short to be one. */
export const decodeAnswer = (packet: Uint8Array): NtpAnswer | undefined => {
  if (packet.length < packetBytes) return undefined;
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const first = view.getUint8(0);
  return {
    leap: first >> 6,
    mode: first & 0b111,
    stratum: view.getUint8(1),
    referenceId: String.fromCharCode(...packet.subarray(12, 16)).replaceAll(/[^A-Z0-9]/g, ''),
    origin: packet.slice(24, 32),
    receivedMs: timestampAt(view, 32),
    sentMs: timestampAt(view, 40),
  };
};

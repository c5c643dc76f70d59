/** Size limit of one inbound packet, bytes. */
export const maxInboundBytes = 16 * 1024 * 1024;

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;

/** Bytes of a text as UTF-8, on a host that can't count them itself. */
export const countUtf8Bytes = (text: string): number => {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A surrogate pair takes four bytes.
    if (unit >= 0xdc00 && unit < 0xe000 && isHighSurrogate(text.charCodeAt(at - 1))) bytes -= 2;
  }
  return bytes;
};

const { Buffer: HostBuffer } = globalThis as { readonly Buffer?: { readonly byteLength: (text: string) => number } };

/** Bytes of a text as UTF-8; a lone surrogate becomes U+FFFD. Counted natively where the host can: five times as fast. */
export const utf8Bytes: (text: string) => number = HostBuffer ? (text) => HostBuffer.byteLength(text) : countUtf8Bytes;

/** Bytes of a payload; a text counts as UTF-8. */
export const payloadBytes = (payload: Uint8Array | string): number =>
  typeof payload === 'string' ? utf8Bytes(payload) : payload.length;

/**
 * Bytes of a PUBLISH besides topic and payload (MQTT 5 section 3.3): type, remaining length, topic length, packet
 * identifier, and an empty property length. A packet without some of them is up to five bytes shorter.
 */
const headerBytes = 9;
/** Size from which the remaining length takes a fourth byte. */
const fourByteLength = 2 * 1024 * 1024;

/** Maximum bytes of the packet that carries a message. */
export const publishBytes = (topic: string, payload: Uint8Array | string): number => {
  const content = utf8Bytes(topic) + payloadBytes(payload);
  return content + headerBytes + (content + headerBytes < fourByteLength ? 0 : 1);
};

/** Splits items, in order, into as few groups as a size limit allows; a larger item forms its own group. */
export const inGroups = <T>(items: readonly T[], bytesOf: (item: T) => number, maxBytes: number): T[][] => {
  const groups: T[][] = [];
  let room = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (bytes > room || groups.length === 0) {
      groups.push([]);
      room = maxBytes;
    }
    groups.at(-1)?.push(item);
    room -= bytes;
  }
  return groups;
};

/**
 * Checks the sizes of inbound MQTT packets as their bytes stream by, without buffering.
 *
 * @param maxBytes Limit of a packet's remaining length (MQTT section 2.1.4 / 2.2.3).
 * @param onTooLarge Called with the length as soon as a header states a larger one.
 * @returns Function to call with each chunk, in order.
 */
export const watchFrames = (maxBytes: number, onTooLarge: (length: number) => void) => {
  let toSkip = 0;
  let inLength = false;
  let length = 0;
  let scale = 1;
  return (chunk: Uint8Array): void => {
    let at = 0;
    while (at < chunk.length) {
      if (toSkip > 0) {
        const step = Math.min(toSkip, chunk.length - at);
        toSkip -= step;
        at += step;
      } else if (!inLength) {
        inLength = true;
        length = 0;
        scale = 1;
        at += 1;
      } else {
        const byte = chunk[at] ?? 0;
        at += 1;
        length += (byte & 0x7f) * scale;
        scale *= 128;
        if (byte >= 0x80) continue;
        inLength = false;
        toSkip = length;
        if (length > maxBytes) onTooLarge(length);
      }
    }
  };
};

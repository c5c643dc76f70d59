import { BrokerError } from '../../../services/errors.ts';

const publishType = 3;

/** Follows MQTT packets through chunks of a stream (MQTT 3.1.1, section 2.2: a header byte, then up to four of length). */
export interface FrameReader {
  /**
   * @returns How many PUBLISH packets have begun in this chunk.
   * @throws {BrokerError} `malformed` as soon as a packet's header says more bytes than allowed.
   */
  take(chunk: Uint8Array): number;
}

const tooLarge = (size: number, limit: number) =>
  new BrokerError('malformed', `A packet of ${size} bytes is above the broker's ${limit}. Send less at once.`);

/** A reader that allows packets of up to `limit` bytes, header included. */
export const frameReader = (limit: number): FrameReader => {
  let body = 0;
  let type: number | undefined;
  let length = 0;
  let digits = 0;

  /** Reads one byte of a header. @returns Whether it was the last one. */
  const readHeader = (byte: number): boolean => {
    if (type === undefined) {
      type = byte >> 4;
      length = 0;
      digits = 0;
      return false;
    }
    length += (byte & 0x7f) * 128 ** digits;
    digits += 1;
    if (digits > 4)
      throw new BrokerError('malformed', 'A packet has a length of more than four bytes. Check the client.');
    if (length + 1 + digits > limit) throw tooLarge(length + 1 + digits, limit);
    return (byte & 0x80) === 0;
  };

  return {
    take: (chunk) => {
      let publishes = 0;
      let at = 0;
      while (at < chunk.length) {
        if (body > 0) {
          const step = Math.min(body, chunk.length - at);
          body -= step;
          at += step;
          continue;
        }
        const isWhole = readHeader(chunk[at] ?? 0);
        at += 1;
        if (!isWhole) continue;
        if (type === publishType) publishes += 1;
        type = undefined;
        body = length;
      }
      return publishes;
    },
  };
};

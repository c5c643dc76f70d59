/**
 * Watches the sizes of inbound MQTT packets as their bytes pass by, without keeping any of them.
 *
 * @param mostBytes What a packet's remaining length (MQTT section 2.1.4 / 2.2.3) may be.
 * @param onTooLarge Called with the length as soon as a header announces more.
 * @returns What to call with each chunk, in order.
 */
export const watchFrames = (mostBytes: number, onTooLarge: (length: number) => void) => {
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
        if (length > mostBytes) onTooLarge(length);
      }
    }
  };
};

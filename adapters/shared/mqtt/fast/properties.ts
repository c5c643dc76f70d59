/** Reads a length of two bytes. @returns Where what it is the length of ends; beyond `end` if it is not there. */
const afterText = (bytes: Uint8Array, at: number, end: number): number =>
  at + 2 > end ? end + 1 : at + 2 + (((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0));

const afterNumber = (bytes: Uint8Array, from: number, end: number): number => {
  let at = from;
  while (at < end && at < from + 3 && (bytes[at] ?? 0) >= 0x80) at += 1;
  return (bytes[at] ?? 0) >= 0x80 ? end + 1 : at + 1;
};

type Skip = (bytes: Uint8Array, at: number, end: number) => number;

/** How to get over the properties of PUBLISH (MQTT 5 section 3.3.2.3), but for the topic alias. */
const skips: Readonly<Record<number, Skip>> = {
  0x01: (_bytes, at) => at + 1,
  0x02: (_bytes, at) => at + 4,
  0x03: afterText,
  0x08: afterText,
  0x09: afterText,
  0x0b: afterNumber,
  0x26: (bytes, at, end) => afterText(bytes, afterText(bytes, at, end), end),
};

/** Whether a message that is there as a whole has well-formed properties, and no topic alias. */
export const hasPlainProperties = (bytes: Uint8Array, from: number, end: number): boolean => {
  let at = afterNumber(bytes, from, end);
  if (at > end) return false;
  let length = 0;
  for (let index = at - 1; index >= from; index -= 1) length = length * 128 + ((bytes[index] ?? 0) & 0x7f);
  const last = at + length;
  if (last > end) return false;
  while (at < last) {
    const skip = skips[bytes[at] ?? 0];
    if (!skip) return false;
    at = skip(bytes, at + 1, last);
  }
  return at === last;
};

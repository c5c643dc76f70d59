/** Topics that have the same place; any more take each other's. */
const ways = 4;
const places = 1024;
/** Longer topics are not kept. */
const maxTopicBytes = 1024;

interface Entry {
  readonly bytes: Uint8Array;
  readonly topic: string;
  /** The topic of the message that came last after one of this; its own at first. `undefined` for one that was put out. */
  follower: Entry | undefined;
}

const isAt = ({ bytes }: Entry, chunk: Uint8Array, from: number, end: number): boolean => {
  const { length } = bytes;
  if (end - from !== length) return false;
  // Topics differ in their ends more often than in their beginnings.
  for (let at = length - 1; at >= 0; at -= 1) if (bytes[at] !== chunk[from + at]) return false;
  return true;
};

/** A hash of all bytes (after FNV-1a), four at a time. */
const hashOf = (chunk: Uint8Array, from: number, end: number): number => {
  let hash = 0x811c9dc5 ^ (end - from);
  let at = from;
  for (; at + 3 < end; at += 4) {
    const word =
      (chunk[at] ?? 0) | ((chunk[at + 1] ?? 0) << 8) | ((chunk[at + 2] ?? 0) << 16) | ((chunk[at + 3] ?? 0) << 24);
    hash = Math.imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 15;
  }
  for (; at < end; at += 1) hash = Math.imul(hash ^ (chunk[at] ?? 0), 0x01000193);
  return hash ^ (hash >>> 13);
};

/** Knows the topics of the latest messages by their bytes, so that each is decoded once. */
export interface TopicTable {
  /** @returns The topic whose UTF-8 bytes stand there; malformed ones become U+FFFD. */
  at(chunk: Buffer, from: number, end: number): string;
}

const entryOf = (chunk: Buffer, from: number, end: number): Entry => {
  const bytes = new Uint8Array(chunk.subarray(from, end));
  return { bytes, topic: chunk.toString('utf8', from, end), follower: undefined };
};

/** Creates a table of at most 4,096 topics. */
export const createTopicTable = (): TopicTable => {
  const sets = new Map<number, Entry[]>();
  let last: Entry | undefined;
  const add = (set: Entry[], chunk: Buffer, from: number, end: number): Entry => {
    const entry = entryOf(chunk, from, end);
    entry.follower = entry;
    set.unshift(entry);
    const out = set.length > ways ? set.pop() : undefined;
    if (out) out.follower = undefined;
    return entry;
  };
  const find = (chunk: Buffer, from: number, end: number): Entry => {
    const place = hashOf(chunk, from, end) & (places - 1);
    const set = sets.get(place) ?? [];
    if (set.length === 0) sets.set(place, set);
    for (const entry of set) if (isAt(entry, chunk, from, end)) return entry;
    return add(set, chunk, from, end);
  };
  return {
    at: (chunk, from, end) => {
      // Messages often come in the same turn, as their senders take theirs.
      const guess = last?.follower;
      if (guess?.follower && isAt(guess, chunk, from, end)) {
        last = guess;
        return guess.topic;
      }
      if (end - from > maxTopicBytes) return chunk.toString('utf8', from, end);
      const found = find(chunk, from, end);
      if (last?.follower) last.follower = found;
      last = found;
      return found.topic;
    },
  };
};

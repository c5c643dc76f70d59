const encoder = new TextEncoder();

/** Bytes of a topic on the wire, without its two bytes of length. */
const bytesOf = (topic: string): number => encoder.encode(topic).length;

const maxBytes = 65_535;

const isText = (topic: unknown): topic is string =>
  typeof topic === 'string' &&
  topic !== '' &&
  !topic.includes('\0') &&
  !/\p{Surrogate}/u.test(topic) &&
  (topic.length * 3 <= maxBytes || bytesOf(topic) <= maxBytes);

/** Whether a message may be published on this topic (MQTT section 4.7). */
export const isTopicName = (topic: string): boolean => isText(topic) && !/[+#]/.test(topic);

/** The same, remembering the last topic that could be published on. */
export const topicNameCheck = () => {
  let valid: string | undefined;
  return (topic: string): boolean => {
    if (topic === valid) return true;
    if (!isTopicName(topic)) return false;
    valid = topic;
    return true;
  };
};

/** Whether this can be subscribed to: whole levels of `+`, and `#` as the last one alone (MQTT section 4.7.1). */
export const isTopicFilter = (filter: string): boolean =>
  isText(filter) &&
  filter
    .split('/')
    .every((level, at, levels) => (level === '#' ? at === levels.length - 1 : level === '+' || !/[+#]/.test(level)));

/** Splits filters, in order, into as few groups as fit in packets of `mostBytes`. */
export const packFilters = (filters: readonly string[], mostBytes: number): string[][] => {
  const groups: string[][] = [];
  let room = 0;
  for (const filter of filters) {
    const size = bytesOf(filter) + 3;
    if (size > room || groups.length === 0) {
      groups.push([]);
      room = mostBytes;
    }
    groups.at(-1)?.push(filter);
    room -= size;
  }
  return groups;
};

import { utf8Bytes } from './packet-size.ts';

const maxTopicBytes = 65_535;

/** The reason why a text is neither a topic nor a filter; `undefined` if it may be one. */
const textFault = (topic: string): string | undefined => {
  if (topic === '') return 'its topic is empty';
  if (topic.includes('\0')) return 'its topic has a null character in it';
  if (/\p{Surrogate}/u.test(topic)) return 'its topic is no well-formed text';
  if (topic.length > maxTopicBytes / 3 && utf8Bytes(topic) > maxTopicBytes)
    return `its topic has more than ${maxTopicBytes} bytes`;
  return undefined;
};

/** Valid topics that are kept, and how long they may be. */
const maxKept = { topics: 256, length: 1024 };
const validTopics = new Set<string>();
/** The last valid topic; most messages go to the topic of the one before them. */
let validTopic: string | undefined;

const keepValid = (topic: string): void => {
  if (topic.length > maxKept.length) return;
  if (validTopics.size >= maxKept.topics) validTopics.clear();
  validTopics.add(topic);
};

/** The reason why a topic is invalid for publishing (MQTT section 4.7); `undefined` if it is valid. */
export const topicFault = (topic: string): string | undefined => {
  if (topic === validTopic) return undefined;
  if (!validTopics.has(topic)) {
    const fault = textFault(topic) ?? (/[+#]/.test(topic) ? 'its topic has a wildcard in it' : undefined);
    if (fault !== undefined) return fault;
    keepValid(topic);
  }
  validTopic = topic;
  return undefined;
};

/** Whether a filter is valid: `+` only as a whole level, `#` only as the last one (MQTT section 4.7.1). */
export const isTopicFilter = (filter: string): boolean =>
  typeof filter === 'string' &&
  textFault(filter) === undefined &&
  filter
    .split('/')
    .every((level, at, levels) => (level === '#' ? at === levels.length - 1 : level === '+' || !/[+#]/.test(level)));

/** Bytes of a filter in SUBSCRIBE or UNSUBSCRIBE, with its length and options. */
export const filterBytes = (filter: string): number => utf8Bytes(filter) + 3;

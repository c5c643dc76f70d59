import { utf8Bytes } from './packet-size.ts';

const maxTopicBytes = 65_535;

/** Why a text is neither a topic nor a filter; `undefined` when it may be one. */
const textFault = (topic: string): string | undefined => {
  if (topic === '') return 'its topic is empty';
  if (topic.includes('\0')) return 'its topic has a null character in it';
  if (/\p{Surrogate}/u.test(topic)) return 'its topic is no well-formed text';
  if (topic.length > maxTopicBytes / 3 && utf8Bytes(topic) > maxTopicBytes)
    return `its topic has more than ${maxTopicBytes} bytes`;
  return undefined;
};

/** Why nothing can be published on a topic (MQTT section 4.7); `undefined` when nothing speaks against it. */
const topicFault = (topic: string): string | undefined =>
  textFault(topic) ?? (/[+#]/.test(topic) ? 'its topic has a wildcard in it' : undefined);

/** Says why nothing can be published on a topic, and remembers the last one that nothing speaks against. */
export const createTopicCheck = () => {
  let valid: string | undefined;
  return (topic: string): string | undefined => {
    if (topic === valid) return undefined;
    const fault = topicFault(topic);
    if (fault === undefined) valid = topic;
    return fault;
  };
};

/** Whether this can be subscribed to: whole levels of `+`, and `#` as the last one alone (MQTT section 4.7.1). */
export const isTopicFilter = (filter: string): boolean =>
  typeof filter === 'string' &&
  textFault(filter) === undefined &&
  filter
    .split('/')
    .every((level, at, levels) => (level === '#' ? at === levels.length - 1 : level === '+' || !/[+#]/.test(level)));

/** Bytes of a filter in SUBSCRIBE or UNSUBSCRIBE: its length and options beside it. */
export const filterBytes = (filter: string): number => utf8Bytes(filter) + 3;

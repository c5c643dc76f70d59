import { textOf } from '../../../services/errors.ts';
import type { Root } from '../root.ts';

/** Keeps the set of topics that the app subscribes to besides the schema's. */
export const createExtraTopics = (root: Root, warn: (message: string) => void) => {
  let extra: Set<string> | undefined;
  /** Rejects a single text, which would be read as a list of its characters. */
  const listed = (topics: readonly string[]): readonly string[] => {
    if (Array.isArray(topics)) return topics;
    warn(`${textOf(topics)} was passed over: a list of topics is needed.`);
    return [];
  };
  const sendTopics = () => root.set({ type: 'mqtt.alsoWant', topics: [...(extra ?? [])] });
  return {
    subscribeTopics: (topics: readonly string[]) => {
      extra ??= new Set();
      for (const topic of listed(topics)) {
        if (typeof topic === 'string') extra.add(topic);
        else warn(`${textOf(topic)} can't be subscribed to: a topic is a text.`);
      }
      sendTopics();
    },
    unsubscribeTopics: (topics: readonly string[]) => {
      for (const topic of listed(topics)) extra?.delete(topic);
      sendTopics();
    },
  };
};

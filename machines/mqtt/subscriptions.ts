import type { Grant } from '../../services/broker.ts';

/** What is wanted of a link's subscriptions, and what became of it. */
export interface Subscriptions {
  /** Topics to be subscribed to. */
  readonly wanted: readonly string[];
  /** Topics that were asked for and not answered yet. */
  readonly asked: readonly string[];
  /** Topics that the broker granted. */
  readonly granted: readonly string[];
  /** What the broker refused, with its reason codes. */
  readonly denied: readonly Grant[];
}

/** Whether a topic is one on which the instance sends commands: `DOMAIN/input_base_topic/UNIT/NAME/pepeunit`. */
export const isBaseTopic = (topic: string): boolean => topic.split('/')[1] === 'input_base_topic';

const without = (topics: readonly string[], others: Iterable<string>): string[] => {
  const known = new Set(others);
  return topics.filter((topic) => !known.has(topic));
};

const deniedTopics = (denied: readonly Grant[]): string[] => denied.map(({ topic }) => topic);

/** Wanted topics that were neither asked for nor answered. */
export const topicsToAsk = ({ wanted, asked, granted, denied }: Subscriptions): string[] =>
  without(wanted, [...asked, ...granted, ...deniedTopics(denied)]);

/** Granted topics that are not wanted any more. */
export const topicsToDrop = ({ wanted, granted }: Subscriptions): string[] => without(granted, wanted);

/** Wanted topics that the broker has not answered. */
export const topicsUnanswered = ({ wanted, granted, denied }: Subscriptions): string[] =>
  without(wanted, [...granted, ...deniedTopics(denied)]);

/** Takes over new wishes; what was denied may be asked for again. */
export const wanting = (wanted: readonly string[]): Partial<Subscriptions> => ({
  wanted: [...new Set(wanted)],
  denied: [],
});

/** Takes over the broker's answers. */
export const answered = (now: Subscriptions, grants: readonly Grant[]): Partial<Subscriptions> => {
  const topics = grants.map(({ topic }) => topic);
  const granted = grants.filter((grant) => grant.granted).map(({ topic }) => topic);
  return {
    asked: without(now.asked, topics),
    granted: [...without(now.granted, topics), ...granted],
    denied: [
      ...now.denied.filter(({ topic }) => !topics.includes(topic)),
      ...grants.filter((grant) => !grant.granted && now.wanted.includes(grant.topic)),
    ],
  };
};

/** What a fresh link starts from: a present session keeps its grants, anything else keeps nothing. */
export const onNewLink = (now: Subscriptions, sessionPresent: boolean): Partial<Subscriptions> => ({
  asked: [],
  denied: [],
  granted: sessionPresent ? now.granted : [],
});

/** What was reported about the topics. */
export interface Account {
  readonly wanted: number;
  readonly granted: number;
  readonly denied: readonly string[];
}

export const accountOf = ({ wanted, granted, denied }: Subscriptions): Account => ({
  wanted: wanted.length,
  granted: granted.length,
  denied: deniedTopics(denied),
});

export const isSameAccount = (one: Account, other: Account): boolean =>
  one.wanted === other.wanted &&
  one.granted === other.granted &&
  one.denied.length === other.denied.length &&
  one.denied.every((topic, at) => topic === other.denied[at]);

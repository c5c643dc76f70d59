import type { Grant } from '../../services/broker.ts';

/** The subscriptions of a link: wanted topics and the broker's answers. */
export interface Subscriptions {
  /** Topics to subscribe to. */
  readonly wanted: readonly string[];
  /** Topics that were requested and not answered yet. */
  readonly asked: readonly string[];
  /** Granted topics. */
  readonly granted: readonly string[];
  /** Denied topics, with the broker's reason codes. */
  readonly denied: readonly Grant[];
}

/** Whether a topic carries commands of the instance: `DOMAIN/input_base_topic/UNIT/NAME/pepeunit`. */
export const isBaseTopic = (topic: string): boolean => topic.split('/')[1] === 'input_base_topic';

/** Whether a link with these denied topics has all of the base topics. */
export const isGoodLink = (denied: readonly Grant[]): boolean => !denied.some(({ topic }) => isBaseTopic(topic));

/**
 * Whether a topic carries reports of the unit: `DOMAIN/output_base_topic/UNIT/NAME/pepeunit`. What waits from before a move
 * to another domain does not: no instance grants the unit topics of a domain that is not its own.
 */
export const isReportTopic = (topic: string, { wanted }: Subscriptions): boolean => {
  const [domain, section, unit] = topic.split('/');
  const own = wanted.filter(isBaseTopic);
  const isOwn = own.length === 0 || own.some((one) => one.startsWith(`${domain}/input_base_topic/${unit}/`));
  return section === 'output_base_topic' && isOwn;
};

const without = (topics: readonly string[], others: Iterable<string>): string[] => {
  const known = new Set(others);
  return topics.filter((topic) => !known.has(topic));
};

const deniedTopics = (denied: readonly Grant[]): string[] => denied.map(({ topic }) => topic);

/** Wanted topics that were neither requested nor answered. */
export const topicsToAsk = ({ wanted, asked, granted, denied }: Subscriptions): string[] =>
  without(wanted, [...asked, ...granted, ...deniedTopics(denied)]);

/** Granted topics that are no longer wanted. */
export const topicsToDrop = ({ wanted, granted }: Subscriptions): string[] => without(granted, wanted);

/** Wanted topics without an answer. */
export const topicsUnanswered = ({ wanted, granted, denied }: Subscriptions): string[] =>
  without(wanted, [...granted, ...deniedTopics(denied)]);

/** Sets the wanted topics; denied ones may be requested again. */
export const wanting = (wanted: readonly string[]): Partial<Subscriptions> => ({
  wanted: [...new Set(wanted)],
  denied: [],
});

/** Adds the broker's answers. */
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

/**
 * Whether every wanted base topic was denied. The instance never denies a unit all of them: it can't be asked now, and
 * the broker may remember the denial for as long as the connection lasts.
 */
export const areOwnTopicsDenied = ({ wanted, denied }: Subscriptions): boolean => {
  const own = wanted.filter(isBaseTopic);
  return own.length > 0 && without(own, deniedTopics(denied)).length === 0;
};

/** Whether the instance has granted a base topic, or none is wanted. */
export const areOwnTopicsGranted = ({ wanted, granted }: Subscriptions): boolean =>
  granted.some(isBaseTopic) || !wanted.some(isBaseTopic);

/** Forgets what was granted of the base topics, so that they are asked for again. */
export const doubtingOwnTopics = ({ asked, granted }: Subscriptions): Partial<Subscriptions> => ({
  asked: asked.filter((topic) => !isBaseTopic(topic)),
  granted: granted.filter((topic) => !isBaseTopic(topic)),
});

/** Initial subscriptions of a new link: a present session keeps its grants. */
export const onNewLink = (now: Subscriptions, sessionPresent: boolean): Partial<Subscriptions> => ({
  asked: [],
  denied: [],
  granted: sessionPresent ? now.granted : [],
});

/** Last report about the topics. */
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

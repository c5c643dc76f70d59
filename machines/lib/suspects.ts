/** A topic that may have caused links to end. */
export interface Suspect {
  readonly topic: string;
  /** Number of links that ended. */
  readonly ends: number;
}

/**
 * Topics that may have caused links to end.
 *
 * Some brokers end the link over a denied topic or a message that they refuse, without naming it. So whatever was
 * unanswered when a link ended becomes suspect and is tried alone on the next links. After enough ended links it counts
 * as poison.
 */
export type Suspects = readonly Suspect[];

export const endsOver = (suspects: Suspects, topic: string): number =>
  suspects.find((suspect) => suspect.topic === topic)?.ends ?? 0;

/** Counts one more ended link for these unanswered topics. */
export const countEnds = (suspects: Suspects, topics: readonly string[]): Suspects => {
  const ends = new Map(suspects.map((suspect) => [suspect.topic, suspect.ends]));
  for (const topic of topics) ends.set(topic, (ends.get(topic) ?? 0) + 1);
  return [...ends].map(([topic, count]) => ({ topic, ends: count }));
};

/** Removes topics that the broker answered. */
export const clearSuspects = (suspects: Suspects, topics: readonly string[]): Suspects =>
  suspects.filter(({ topic }) => !topics.includes(topic));

/** Whether enough links ended over a topic to blame it. */
export const isPoison = (suspects: Suspects, topic: string, enough: number): boolean =>
  endsOver(suspects, topic) >= enough;

/** Tries poison topics again; one more ended link is enough. */
export const giveLastChance = (suspects: Suspects, topics: readonly string[], enough: number): Suspects => [
  ...suspects,
  ...topics.map((topic) => ({ topic, ends: enough - 1 })),
];

/** A topic that a link may have ended over. */
export interface Suspect {
  readonly topic: string;
  /** How many links ended so. */
  readonly ends: number;
}

/**
 * Topics that links may have ended over.
 *
 * There are brokers that end the link over a topic that they deny, or over a message that they do not take, and do not
 * say over which. So what a broker left unanswered when it ended a link is suspect, and is tried alone on the next links.
 * What enough links have ended over is poison.
 */
export type Suspects = readonly Suspect[];

export const endsOver = (suspects: Suspects, topic: string): number =>
  suspects.find((suspect) => suspect.topic === topic)?.ends ?? 0;

/** One more link ended while these were unanswered. */
export const accuse = (suspects: Suspects, topics: readonly string[]): Suspects => {
  const ends = new Map(suspects.map((suspect) => [suspect.topic, suspect.ends]));
  for (const topic of topics) ends.set(topic, (ends.get(topic) ?? 0) + 1);
  return [...ends].map(([topic, count]) => ({ topic, ends: count }));
};

/** The broker has answered these. */
export const acquit = (suspects: Suspects, topics: readonly string[]): Suspects =>
  suspects.filter(({ topic }) => !topics.includes(topic));

/** Whether so many links ended over a topic that it is the reason. */
export const isPoison = (suspects: Suspects, topic: string, enough: number): boolean =>
  endsOver(suspects, topic) >= enough;

/** Gives what was poison another chance: one more end is enough. */
export const giveLastChance = (suspects: Suspects, topics: readonly string[], enough: number): Suspects => [
  ...suspects,
  ...topics.map((topic) => ({ topic, ends: enough - 1 })),
];

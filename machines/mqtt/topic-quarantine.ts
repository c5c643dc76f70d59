import type { Grant } from '../../services/broker.ts';
import type { Failure } from '../../services/errors.ts';
import type { Subscriptions } from './subscriptions.ts';

/** What is held against topics: there are brokers that end the link over a topic that they deny, and do not say which. */
export interface Doubts {
  /** Topics that were asked for and not answered when a link ended, and for how many links that was so. */
  readonly doubted: readonly { readonly topic: string; readonly ends: number }[];
  /** Topics that links ended over: denied, and not asked for on a new link. */
  readonly shunned: readonly string[];
}

type Asked = Pick<Subscriptions, 'asked' | 'granted'>;

/** How many links must end over a topic, the last one over it alone, until it is held to be the reason. */
const enoughEnds = 3;

/** MQTT section 3.9.3: failure, without a reason. */
const unspecified = 0x80;

const otherReasons: readonly string[] = ['takenOver', 'quota', 'protocol'];

const countsOf = (doubted: Doubts['doubted']): Map<string, number> =>
  new Map(doubted.map(({ topic, ends }) => [topic, ends]));

const withCounts = (counts: ReadonlyMap<string, number>): Doubts['doubted'] =>
  [...counts].map(([topic, ends]) => ({ topic, ends }));

/** Whether a link may have ended over what it was asked for; the broker may well say `credentials` (0x87) of a topic. */
export const canBeOverTopics = ({ code }: Failure): boolean => !otherReasons.includes(code);

/**
 * Which of the missing topics to ask for now.
 *
 * Those beyond doubt go together and first; then one after the other, the least doubted first, so that the broker's
 * answer, or the end of the link, tells which one it is about.
 */
export const nextToAsk = ({ doubted, asked }: Doubts & Asked, missing: readonly string[]): string[] => {
  const counts = countsOf(doubted);
  const trusted = missing.filter((topic) => !counts.has(topic));
  if (trusted.length > 0) return trusted;
  if (asked.length > 0) return [];
  return missing.toSorted((one, other) => (counts.get(one) ?? 0) - (counts.get(other) ?? 0)).slice(0, 1);
};

/** Whether the last link ended over what it was asked for last, while the broker had granted other topics on it. */
export const endedOverTopics = ({ asked, granted }: Asked): boolean => asked.length > 0 && granted.length > 0;

/** What a link that ended with topics unanswered says of them. */
export const afterEnd = (now: Doubts & Subscriptions): Partial<Doubts> => {
  const counts = countsOf(now.doubted);
  const open = now.asked.filter((topic) => now.wanted.includes(topic));
  for (const topic of open) counts.set(topic, (counts.get(topic) ?? 0) + 1);
  const [alone, ...others] = open;
  const isFound = alone !== undefined && others.length === 0 && (counts.get(alone) ?? 0) >= enoughEnds;
  if (!isFound || !endedOverTopics(now)) return { doubted: withCounts(counts) };
  counts.delete(alone);
  return { doubted: withCounts(counts), shunned: [...now.shunned, alone] };
};

/** What the broker has answered is beyond doubt. */
export const afterAnswers = ({ doubted }: Doubts, grants: readonly Grant[]): Partial<Doubts> => {
  const answered = new Set(grants.map(({ topic }) => topic));
  return { doubted: doubted.filter(({ topic }) => !answered.has(topic)) };
};

/** Lets topics that links ended over be asked for again; one more end is enough. */
export const givingAnotherChance = ({ doubted, shunned }: Doubts, wanted: readonly string[]): Doubts => {
  const again = shunned.map((topic) => ({ topic, ends: enoughEnds - 1 }));
  const known = new Set(wanted);
  return { doubted: [...doubted, ...again].filter(({ topic }) => known.has(topic)), shunned: [] };
};

/** What is denied on a new link before anything was asked. */
export const deniedAtOnce = ({ shunned, wanted }: Doubts & Subscriptions): Grant[] =>
  shunned
    .filter((topic) => wanted.includes(topic))
    .map((topic) => ({ topic, granted: false, reasonCode: unspecified }));

/** Whether asking again for what is denied is about nothing but topics that links ended over. */
export const isRetryCostly = ({ shunned, denied }: Doubts & Subscriptions): boolean =>
  denied.length > 0 && denied.every(({ topic }) => shunned.includes(topic));

import type { Grant } from '../../services/broker.ts';
import type { Failure } from '../../services/errors.ts';
import { accuse, acquit, endsOver, giveLastChance, isPoison, type Suspects } from '../lib/suspects.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Topics that may cause, or have caused, the broker to end links. */
export interface Quarantine {
  /** Topics that were unanswered when a link ended. */
  readonly doubted: Suspects;
  /** Topics to blame for ended links: treated as denied, and not requested on a new link. */
  readonly shunned: readonly string[];
}

type Asked = Pick<Subscriptions, 'asked' | 'granted'>;

/** Number of ended links until a topic is blamed; in the last one it must have been requested alone. */
const enoughEnds = 3;

/** MQTT section 3.9.3: failure without a reason. */
const unspecified = 0x80;

const otherReasons: readonly string[] = ['takenOver', 'quota', 'protocol'];

/** Whether a link may have ended over a requested topic; a broker may report that as `credentials` (0x87). */
export const canBeOverTopics = ({ code }: Failure): boolean => !otherReasons.includes(code);

/**
 * Selects the missing topics to request next.
 *
 * Topics without suspicion go first and together. Then each suspect goes alone, the least suspect first, so that the
 * broker's answer, or the end of the link, identifies the cause.
 */
export const nextToAsk = ({ doubted, asked }: Quarantine & Asked, missing: readonly string[]): string[] => {
  const trusted = missing.filter((topic) => endsOver(doubted, topic) === 0);
  if (trusted.length > 0) return trusted;
  if (asked.length > 0) return [];
  return missing.toSorted((one, other) => endsOver(doubted, one) - endsOver(doubted, other)).slice(0, 1);
};

/** Whether the last link ended over its last request, after the broker granted other topics. */
export const endedOverTopics = ({ asked, granted }: Asked): boolean => asked.length > 0 && granted.length > 0;

/** The quarantine after a link ended with unanswered topics. */
export const afterEnd = (now: Quarantine & Subscriptions): Partial<Quarantine> => {
  const open = now.asked.filter((topic) => now.wanted.includes(topic));
  const doubted = accuse(now.doubted, open);
  const [alone, ...others] = open;
  const isAlone = alone !== undefined && others.length === 0;
  if (!isAlone || !isPoison(doubted, alone, enoughEnds) || !endedOverTopics(now)) return { doubted };
  return { doubted: acquit(doubted, open), shunned: [...now.shunned, alone] };
};

/** Clears suspects that the broker answered. */
export const afterAnswers = ({ doubted }: Quarantine, grants: readonly Grant[]): Partial<Quarantine> => ({
  doubted: acquit(
    doubted,
    grants.map(({ topic }) => topic),
  ),
});

/** Ends the quarantine; one more ended link restores it. */
export const givingAnotherChance = ({ doubted, shunned }: Quarantine, wanted: readonly string[]): Quarantine => ({
  doubted: giveLastChance(doubted, shunned, enoughEnds).filter(({ topic }) => wanted.includes(topic)),
  shunned: [],
});

/** Topics denied on a new link without a request. */
export const deniedAtOnce = ({ shunned, wanted }: Quarantine & Subscriptions): Grant[] =>
  shunned
    .filter((topic) => wanted.includes(topic))
    .map((topic) => ({ topic, granted: false, reasonCode: unspecified }));

/** Whether a retry of the denied topics concerns only quarantined ones. */
export const isRetryCostly = ({ shunned, denied }: Quarantine & Subscriptions): boolean =>
  denied.length > 0 && denied.every(({ topic }) => shunned.includes(topic));

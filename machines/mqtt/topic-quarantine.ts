import type { Grant } from '../../services/broker.ts';
import type { Failure } from '../../services/errors.ts';
import { clearSuspects, countEnds, endsOver, giveLastChance, isPoison, type Suspects } from '../lib/suspects.ts';
import { isBaseTopic, type Subscriptions } from './subscriptions.ts';

/** Topics that may cause, or have caused, the broker to end links. */
export interface Quarantine {
  /** Topics that were unanswered when a link ended. */
  readonly suspects: Suspects;
  /** Topics to blame for ended links: treated as denied, and not requested on a new link. */
  readonly quarantined: readonly string[];
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
export const nextToAsk = ({ suspects, asked }: Quarantine & Asked, missing: readonly string[]): string[] => {
  const trusted = missing.filter((topic) => endsOver(suspects, topic) === 0);
  if (trusted.length > 0) return trusted;
  if (asked.length > 0) return [];
  return missing.toSorted((one, other) => endsOver(suspects, one) - endsOver(suspects, other)).slice(0, 1);
};

/** Whether the last link ended over its last request, after the broker granted other topics. */
export const endedOverTopics = ({ asked, granted }: Asked): boolean => asked.length > 0 && granted.length > 0;

/** Whether the last link ended over requests for base topics alone, and the broker granted none. */
export const endedOverOwnTopics = ({ asked, granted }: Asked): boolean =>
  asked.length > 0 && asked.every(isBaseTopic) && !granted.some(isBaseTopic);

/** The quarantine after a link ended with unanswered topics. */
export const afterEnd = (now: Quarantine & Subscriptions): Partial<Quarantine> => {
  const open = now.asked.filter((topic) => now.wanted.includes(topic));
  const suspects = countEnds(now.suspects, open);
  const [alone, ...others] = open;
  const isAlone = alone !== undefined && others.length === 0;
  if (!isAlone || !isPoison(suspects, alone, enoughEnds) || !endedOverTopics(now)) return { suspects };
  return { suspects: clearSuspects(suspects, open), quarantined: [...now.quarantined, alone] };
};

/** Clears suspects that the broker answered. */
export const afterAnswers = ({ suspects }: Quarantine, grants: readonly Grant[]): Partial<Quarantine> => ({
  suspects: clearSuspects(
    suspects,
    grants.map(({ topic }) => topic),
  ),
});

/** Ends the quarantine; one more ended link restores it. */
export const givingAnotherChance = ({ suspects, quarantined }: Quarantine, wanted: readonly string[]): Quarantine => ({
  suspects: giveLastChance(suspects, quarantined, enoughEnds).filter(({ topic }) => wanted.includes(topic)),
  quarantined: [],
});

/** Topics denied on a new link without a request. */
export const deniedAtOnce = ({ quarantined, wanted }: Quarantine & Subscriptions): Grant[] =>
  quarantined
    .filter((topic) => wanted.includes(topic))
    .map((topic) => ({ topic, granted: false, reasonCode: unspecified }));

/** Whether a retry of the denied topics concerns only quarantined ones. */
export const isRetryCostly = ({ quarantined, denied }: Quarantine & Subscriptions): boolean =>
  denied.length > 0 && denied.every(({ topic }) => quarantined.includes(topic));

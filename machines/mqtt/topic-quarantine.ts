import type { Grant } from '../../services/broker.ts';
import type { Failure } from '../../services/errors.ts';
import { accuse, acquit, endsOver, giveLastChance, isPoison, type Suspects } from '../lib/suspects.ts';
import type { Subscriptions } from './subscriptions.ts';

/** Topics that are, or may be, what the broker ends links over. */
export interface Quarantine {
  /** Topics that were asked for and not answered when a link ended. */
  readonly doubted: Suspects;
  /** Topics that links ended over: denied, and not asked for on a new link. */
  readonly shunned: readonly string[];
}

type Asked = Pick<Subscriptions, 'asked' | 'granted'>;

/** How many links must end over a topic, the last one over it alone, until it is held to be the reason. */
const enoughEnds = 3;

/** MQTT section 3.9.3: failure, without a reason. */
const unspecified = 0x80;

const otherReasons: readonly string[] = ['takenOver', 'quota', 'protocol'];

/** Whether a link may have ended over what it was asked for; the broker may well say `credentials` (0x87) of a topic. */
export const canBeOverTopics = ({ code }: Failure): boolean => !otherReasons.includes(code);

/**
 * Which of the missing topics to ask for now.
 *
 * Those beyond doubt go together and first; then one after the other, the least doubted first, so that the broker's
 * answer, or the end of the link, shows which one it is about.
 */
export const nextToAsk = ({ doubted, asked }: Quarantine & Asked, missing: readonly string[]): string[] => {
  const trusted = missing.filter((topic) => endsOver(doubted, topic) === 0);
  if (trusted.length > 0) return trusted;
  if (asked.length > 0) return [];
  return missing.toSorted((one, other) => endsOver(doubted, one) - endsOver(doubted, other)).slice(0, 1);
};

/** Whether the last link ended over what it was asked for last, while the broker had granted other topics on it. */
export const endedOverTopics = ({ asked, granted }: Asked): boolean => asked.length > 0 && granted.length > 0;

/** What a link that ended with topics unanswered says of them. */
export const afterEnd = (now: Quarantine & Subscriptions): Partial<Quarantine> => {
  const open = now.asked.filter((topic) => now.wanted.includes(topic));
  const doubted = accuse(now.doubted, open);
  const [alone, ...others] = open;
  const isAlone = alone !== undefined && others.length === 0;
  if (!isAlone || !isPoison(doubted, alone, enoughEnds) || !endedOverTopics(now)) return { doubted };
  return { doubted: acquit(doubted, open), shunned: [...now.shunned, alone] };
};

/** What the broker has answered is beyond doubt. */
export const afterAnswers = ({ doubted }: Quarantine, grants: readonly Grant[]): Partial<Quarantine> => ({
  doubted: acquit(
    doubted,
    grants.map(({ topic }) => topic),
  ),
});

/** Lets topics that links ended over be asked for again; one more end is enough. */
export const givingAnotherChance = ({ doubted, shunned }: Quarantine, wanted: readonly string[]): Quarantine => ({
  doubted: giveLastChance(doubted, shunned, enoughEnds).filter(({ topic }) => wanted.includes(topic)),
  shunned: [],
});

/** What is denied on a new link before anything was asked. */
export const deniedAtOnce = ({ shunned, wanted }: Quarantine & Subscriptions): Grant[] =>
  shunned
    .filter((topic) => wanted.includes(topic))
    .map((topic) => ({ topic, granted: false, reasonCode: unspecified }));

/** Whether asking again for what is denied is about nothing but topics that links ended over. */
export const isRetryCostly = ({ shunned, denied }: Quarantine & Subscriptions): boolean =>
  denied.length > 0 && denied.every(({ topic }) => shunned.includes(topic));

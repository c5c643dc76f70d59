import type { Fates } from './outcomes.ts';
import type { Message } from './queue.ts';
import { refused } from './result.ts';

/** Knows whose messages wait: nothing of one unit may go out with the token of another. */
export interface Ownership {
  /** UUID of the unit that this program is; `undefined` before it is known. */
  unit(): string | undefined;
  /** From now on the program is this unit; messages that name none are its own, or of the unit that it was before. */
  claim(unit: string, waiting: readonly Message[]): void;
  /** Sets aside what earlier runs have left of other units. */
  sift(restored: readonly Message[]): void;
}

export const createOwnership = (warn: (message: string) => void, bury: Fates['bury']): Ownership => {
  let unit: string | undefined;
  /** @param unnamed Whose messages are that name no unit. @returns How many were not of this unit. */
  const setApart = (messages: readonly Message[], own: string, unnamed: string): number => {
    const others = messages.filter((message) => (message.unit ?? unnamed) !== own);
    for (const message of others) {
      bury(message, refused(`It is of unit ${message.unit ?? unnamed}, and now this is unit ${own}.`));
    }
    return others.length;
  };
  const tell = (others: number, own: string) => {
    if (others > 0) warn(`${others} messages of another unit were put aside and not sent: this is unit ${own} now.`);
  };
  return {
    unit: () => unit,
    claim: (claimed, waiting) => {
      const own = claimed.toLowerCase();
      const others = setApart(waiting, own, unit ?? own);
      unit = own;
      tell(others, own);
    },
    sift: (restored) => {
      if (unit !== undefined) tell(setApart(restored, unit, unit), unit);
    },
  };
};

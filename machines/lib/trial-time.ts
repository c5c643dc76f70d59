/** How far a trial of an env is. */
interface TrialTime {
  /** Parts of its time that it has begun, over all starts of the program. */
  readonly spent: number;
}

/** Parts that the time of a trial is noted in. */
const parts = 4;

/** Whether a trial has time left after the part that it has begun. */
export const hasTimeLeft = ({ spent }: TrialTime): boolean => spent < parts;

/**
 * Delays of a trial, milliseconds.
 *
 * A part is charged before it is waited out, and a start of the program begins with one, so that the time goes on however
 * early a start ends. Once all are charged a start waits the last one out, since a kill may have cut it off; each later
 * start has half as long. So even a program that never lives for a whole part comes to the end of a trial.
 *
 * @param trialMsOf How long a trial lasts.
 */
export const trialDelays = <TContext>(trialMsOf: (context: TContext) => number) => {
  const partMs = (context: TContext): number => Math.max(1, trialMsOf(context) / parts);
  return {
    partAfter: ({ context }: { context: TContext & TrialTime }): number =>
      Math.max(1, partMs(context) / 2 ** Math.max(0, context.spent - parts - 1)),
    askAgainAfter: ({ context }: { context: TContext }): number => partMs(context),
    judgeAgainAfter: ({ context }: { context: TContext }): number => Math.max(1, trialMsOf(context)),
  };
};

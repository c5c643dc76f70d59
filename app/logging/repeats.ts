import type { Clock } from '../../services/clock.ts';

/** What a unit has to say of itself. */
export interface Remark {
  readonly text: string;
}

/** Counts what is said again and again, in place of saying it. */
export interface Repeats<TRemark extends Remark> {
  /** Says a remark, or counts it. Texts that differ in their numbers alone are the same. */
  say(remark: TRemark): void;
  /** Says what was counted so far. */
  tellCounted(): void;
  /** Says what was counted, and leaves no timer; what is said later is said at once. */
  stop(): void;
  /** Counts again after a stop. */
  start(): void;
}

/** How long what repeats is counted before it is told, milliseconds; then twice as long each time that it goes on. */
const firstCountMs = 60_000;
const longestCountMs = 3_600_000;
/** How often a remark is said as it is. */
const mostAsIs = 2;
/** A remark that was not heard for so long, milliseconds, is a new one. */
const quietMs = 900_000;
/** Kinds of remarks that are known at a time. */
const maxKinds = 256;

/** The remarks that are the same but for their numbers. */
const createKind = <TRemark extends Remark>(clock: Clock, write: (remark: TRemark) => void) => {
  let newest: TRemark | undefined;
  let newestMs = clock.monotonic();
  let countMs = firstCountMs;
  let dueMs = newestMs + countMs;
  let said = 0;
  let counted = 0;
  let timer: unknown;
  const tell = () => {
    clock.clearTimeout(timer);
    timer = undefined;
    if (!newest || counted === 0) return;
    const text = `${newest.text} (${counted} more ${counted === 1 ? 'time' : 'times'})`;
    counted = 0;
    countMs = Math.min(2 * countMs, longestCountMs);
    dueMs = clock.monotonic() + countMs;
    write({ ...newest, text });
  };
  return {
    say: (remark: TRemark) => {
      newest = remark;
      newestMs = clock.monotonic();
      if (said < mostAsIs) {
        said += 1;
        return write(remark);
      }
      counted += 1;
      timer ??= clock.setTimeout(tell, Math.max(0, dueMs - newestMs));
    },
    /** Says what was counted. */
    tell,
    isOver: () => clock.monotonic() - newestMs >= quietMs,
  };
};

/**
 * Creates the counter of repeated remarks: each one is said twice, and what follows is told as a count after a minute,
 * then after two more, four more, and at last once an hour.
 *
 * @param write Writes a remark to the log. It may cause remarks itself; they are counted too.
 */
export const createRepeats = <TRemark extends Remark>(
  clock: Clock,
  write: (remark: TRemark) => void,
): Repeats<TRemark> => {
  /** By text, those that began first come first. */
  const kinds = new Map<string, ReturnType<typeof createKind<TRemark>>>();
  let isStopped = false;

  const forget = (key: string) => {
    const kind = kinds.get(key);
    kinds.delete(key);
    kind?.tell();
  };
  const kindOf = ({ text }: TRemark) => {
    const key = text.replaceAll(/\d+/g, '#');
    if (kinds.get(key)?.isOver() === true) forget(key);
    const known = kinds.get(key);
    if (known) return known;
    const [oldest] = kinds.keys();
    if (oldest !== undefined && kinds.size >= maxKinds) forget(oldest);
    const kind = createKind(clock, write);
    kinds.set(key, kind);
    return kind;
  };
  const tellCounted = () => {
    for (const { tell } of kinds.values()) tell();
  };

  return {
    say: (remark) => (isStopped ? write(remark) : kindOf(remark).say(remark)),
    tellCounted,
    stop: () => {
      isStopped = true;
      tellCounted();
      kinds.clear();
    },
    start: () => {
      isStopped = false;
    },
  };
};

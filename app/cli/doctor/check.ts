import { redacted } from '../../../services/redaction.ts';
import { failed, failedBy, skipped, type Finding, type Outcome } from './finding.ts';

/** What a check may use besides the values that it needs. */
export interface CheckContext {
  /** Calls back after the last check, such as to close a connection that several use. */
  readonly onEnd: (end: () => Promise<void>) => void;
}

type Needs = Readonly<Record<string, Check>>;
type Values<TNeeds extends Needs> = {
  readonly [K in keyof TNeeds]: TNeeds[K] extends Check<infer T> ? T : never;
};

/** One check of a unit. It runs when those that it needs have not failed, and gets their values. */
export interface Check<T = unknown> {
  readonly name: string;
  readonly needs: Readonly<Record<string, Check>>;
  readonly run: (values: Readonly<Record<string, unknown>>, context: CheckContext) => Promise<Outcome<T>>;
}

/** Creates a check; an error that `run` throws makes it `failed`. */
export const check = <T, const TNeeds extends Needs>(
  name: string,
  needs: TNeeds,
  run: (values: Values<TNeeds>, context: CheckContext) => Promise<Outcome<T>>,
): Check<T> => ({ name, needs, run: (values, context) => run(values as Values<TNeeds>, context) });

/** Time limit of a check, milliseconds: more than the limits of all that it waits for. */
const limitMs = 45_000;

const overdue = failed(
  `It did not end within ${limitMs / 1000} s.`,
  'Check the disk and the network: something there does not answer.',
);

const withinLimit = async <T>(work: Promise<Outcome<T>>): Promise<Outcome<T>> => {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Outcome<T>>((resolve) => (timer = setTimeout(resolve, limitMs, overdue)));
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
};

/** A check without a value, which is why those that need it are skipped. */
interface Root {
  readonly name: string;
  readonly outcome: Outcome<unknown>;
}

/** An outcome, and the roots of it where it has no value. */
interface Examined {
  readonly outcome: Outcome<unknown>;
  readonly roots: readonly Root[];
}

/** Why a check is skipped: for those that failed, or for the reason for which another one was. */
const skippedFor = (roots: readonly Root[]): Outcome<never> => {
  const names = roots.filter(({ outcome }) => outcome.result === 'failed').map(({ name }) => name);
  return skipped(names.length > 0 ? `needs ${names.join(' and ')} first` : (roots[0]?.outcome.detail ?? ''));
};

const findingOf = ({ name }: Check, { outcome }: Examined): Finding => ({
  check: name,
  result: outcome.result,
  detail: redacted(outcome.detail),
  remedy: 'remedy' in outcome && outcome.remedy !== '' ? redacted(outcome.remedy) : null,
});

const createExaminer = (context: CheckContext) => {
  const known = new Map<Check, Promise<Examined>>();
  const examineNow = async (one: Check): Promise<Examined> => {
    const values: Record<string, unknown> = {};
    const roots = new Set<Root>();
    for (const [as, need] of Object.entries(one.needs)) {
      const { outcome, roots: before } = await examine(need);
      if ('value' in outcome) values[as] = outcome.value;
      for (const root of before) roots.add(root);
    }
    if (roots.size > 0) return { outcome: skippedFor([...roots]), roots: [...roots] };
    const outcome = await withinLimit(one.run(values, context).catch(failedBy));
    return { outcome, roots: 'value' in outcome ? [] : [{ name: one.name, outcome }] };
  };
  const examine = (one: Check): Promise<Examined> => {
    const found = known.get(one) ?? examineNow(one);
    known.set(one, found);
    return found;
  };
  return examine;
};

/** Runs checks side by side, each after those that it needs. @returns The findings, in the order of the checks. */
export const examineAll = async (checks: readonly Check[]): Promise<Finding[]> => {
  const ends: (() => Promise<void>)[] = [];
  const examine = createExaminer({ onEnd: (end) => void ends.push(end) });
  try {
    return await Promise.all(checks.map(async (one) => findingOf(one, await examine(one))));
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
};

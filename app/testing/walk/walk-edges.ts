import type { AnyStateMachine, AnyTransitionDefinition } from 'xstate';
import { declaredStates } from './chart.ts';
import { shownPath, WalkError } from './error.ts';
import type { WalkOptions, WalkReport } from './options.ts';
import { reportOf } from './report.ts';
import { activeIn, createRunner, type Run, type Runner, type Witness } from './run.ts';

type AnyWalk = WalkOptions<AnyStateMachine>;

/** Names that a table by state uses, and the machine does not have. */
const checkNames = (machine: AnyStateMachine, table: object | undefined, what: string): void => {
  const names = [machine.id, ...declaredStates(machine)];
  const unknown = Object.keys(table ?? {}).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  throw new WalkError(
    'unscripted',
    `${machine.id}: ${what} names "${unknown}", which is no state. States: ${names.join(', ')}.`,
    [],
  );
};

/** Checks a situation that a step has led to. @throws {WalkError} `violated`, `failed` */
const check = async (machine: AnyStateMachine, run: Run, options: AnyWalk): Promise<void> => {
  const seen = run.seen();
  const { path } = seen;
  const after = `${machine.id}: after ${shownPath(path)}`;
  const { status, error } = run.snapshot();
  if (status === 'error') {
    const why = error instanceof Error ? error.message : String(error);
    throw new WalkError('failed', `${after}: the machine stopped, since nothing handles an error: ${why}`, path, {
      cause: error,
    });
  }
  const checks = [
    ...activeIn(run.snapshot()).map((state) => [`expect ${state}`, options.expect?.[state]] as const),
    ...Object.entries(options.invariants ?? {}),
  ];
  for (const [name, holds] of checks) {
    try {
      if ((await holds?.(seen)) === false) throw new Error('it does not hold');
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new WalkError('violated', `${after}: ${name}: ${why}`, path, { cause });
    }
  }
};

/** Where a path leads; `next` are the labels of what may happen there. */
interface Situation {
  readonly key: string;
  readonly path: readonly string[];
  readonly next: readonly string[];
}

const situationOf = (run: Run): Situation => ({
  key: run.key(),
  path: run.seen().path,
  next: run.stimuli().map(({ label }) => label),
});

const unrepeatable = (machine: AnyStateMachine, path: readonly string[]) =>
  new WalkError(
    'unrepeatable',
    `${machine.id}: ${shownPath(path)} led elsewhere the second time. Keep what is random or left over from an earlier run ` +
      'out of the machine and its world, or give a `key` without it.',
    path,
  );

const tooMany = (machine: AnyStateMachine, limit: number, path: readonly string[]) =>
  new WalkError(
    'tooMany',
    `${machine.id} has more than ${limit} situations, such as after ${shownPath(path)}. Give a \`key\` with what of the ` +
      'context decides what happens next, without what counts on for ever; or raise `limit`.',
    path,
  );

/** Takes a path again, and one step more. @throws {WalkError} `unrepeatable` */
const runTo = async (
  { machine, start }: Runner,
  { key, path }: Situation,
  label: string,
  witness: Witness,
): Promise<Run> => {
  const run = await start(witness);
  for (const step of path) {
    const stimulus = run.stimuli().find((one) => one.label === step);
    if (!stimulus) throw unrepeatable(machine, path);
    await run.apply(stimulus);
  }
  const last = run.stimuli().find((one) => one.label === label);
  if (run.key() !== key || !last) throw unrepeatable(machine, path);
  await run.apply(last);
  return run;
};

const typesOf = ({ events = [] }: AnyWalk): string[] => {
  const all = Array.isArray(events) ? events : Object.values(events).flat();
  return [...new Set((all as readonly { type: string }[]).map(({ type }) => type))];
};

/** Walks breadth first, so that the first path to a situation is the shortest. */
const walk = async (given: AnyStateMachine, options: AnyWalk): Promise<WalkReport> => {
  const { limit = 2_000 } = options;
  const runner = createRunner(given, options);
  const { machine } = runner;
  checkNames(machine, Array.isArray(options.events) ? undefined : options.events, 'events');
  checkNames(machine, options.expect, 'expect');
  const taken = new Map<AnyTransitionDefinition, readonly string[]>();
  const states = new Set<string>();
  const labels = new Set<string>();
  const situations = new Map<string, Situation>();
  const witness: Witness = {
    entered: (state) => states.add(state),
    took: (transition, path) => {
      if (!taken.has(transition)) taken.set(transition, path);
    },
  };
  const arrive = async (run: Run): Promise<void> => {
    try {
      await check(machine, run, options);
      const situation = situationOf(run);
      if (situations.has(situation.key)) return;
      if (situations.size >= limit) throw tooMany(machine, limit, situation.path);
      situations.set(situation.key, situation);
    } finally {
      run.stop();
    }
  };
  await arrive(await runner.start(witness));
  // A map is iterated in the order of insertion, with what is inserted meanwhile.
  for (const situation of situations.values()) {
    for (const label of situation.next) {
      labels.add(label);
      await arrive(await runTo(runner, situation, label, witness));
    }
  }
  const isUsed = (type: string) => [...labels].some((label) => label === type || label.startsWith(`${type} {`));
  const unusedEvents = typesOf(options).filter((type) => !isUsed(type));
  return reportOf(machine, { situations: situations.size, states, taken, unusedEvents });
};

/**
 * Walks a machine of your own through every situation that it can reach, and checks it after every step: events are sent
 * where the machine handles them, the actors that it invokes or spawns are the world's, and delays run out, those that were
 * set together in their order.
 *
 * @returns Which of the machine's transitions and states were reached.
 * @throws {WalkError} `violated`: an expectation or an invariant does not hold; `failed`: the machine stopped with an error.
 * Both have the shortest path there. `tooMany`: there are more situations than `limit`; `unrepeatable`: a path led elsewhere
 * the second time; `unscripted`: the world or a table names what the machine does not have, or the machine invokes logic
 * without a name.
 * @example
 * import { createMachine } from 'xstate';
 * import { walkEdges } from 'pepeunit-client/testing';
 *
 * const lamp = createMachine({
 *   id: 'lamp',
 *   initial: 'off',
 *   states: { off: { on: { press: 'on' } }, on: { on: { press: 'off' }, after: { 60_000: 'off' } } },
 * });
 * const report = await walkEdges(lamp, { events: [{ type: 'press' }] });
 * if (report.missed.length > 0) throw new Error(String(report));
 */
export const walkEdges = <TMachine extends AnyStateMachine>(
  machine: TMachine,
  options: WalkOptions<TMachine> = {},
): Promise<WalkReport> => walk(machine, options);

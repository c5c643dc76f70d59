import { expect } from 'vitest';
import { leavesIn, type Observation } from './drive.ts';
import { timerType } from './happenings.ts';
import type { Prediction } from './predictions.ts';
import { chainOf } from './situation.ts';
import type { MachineTable } from './table.ts';

/** Whether data is the same, whatever the order of its keys; an `undefined` key is none. */
const isSame = (one: unknown, other: unknown): boolean => {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const [mine, others] = [one, other] as [Record<string, unknown>, Record<string, unknown>];
  for (const key in mine) if (!isSame(mine[key], others[key])) return false;
  for (const key in others) if (mine[key] === undefined && others[key] !== undefined) return false;
  return true;
};

type Shown = Readonly<Record<string, unknown>>;

const since = (isNew: boolean): string => (isNew ? 'since this step' : 'as before');
const shownActor = ({ id, input, isNew }: Observation['actors'][number]): string =>
  `${id} ${JSON.stringify(input ?? {})} ${since(isNew)}`;
const shownTimer = ({ type, ms, isNew }: Observation['timers'][number]): string => `${type} ${ms} ${since(isNew)}`;

const shown = ({ snapshot, told, does, actors, timers }: Observation) => ({
  states: leavesIn(snapshot).toSorted(),
  tags: [...snapshot.tags].toSorted(),
  context: { ...(snapshot.context as object), parent: undefined },
  told,
  does,
  actors: actors.map(shownActor).toSorted(),
  timers: timers.map(shownTimer).toSorted(),
});

const expected = ({ machine, states }: MachineTable, { situation, told, does }: Prediction) => ({
  states: situation.leaves.toSorted(),
  tags: [...new Set(situation.leaves.flatMap(chainOf).flatMap((state) => states[state]?.tags ?? []))].toSorted(),
  context: situation.context,
  told,
  does,
  actors: situation.actors.map(shownActor).toSorted(),
  timers: situation.timers.map((timer) => shownTimer({ ...timer, type: timerType(machine.id, timer) })).toSorted(),
});

/** Holds what a machine did to what its table says. */
export const compare = (table: MachineTable, seen: Observation, predicted: Prediction): void => {
  if (predicted.lines.length === 0 && seen.transitions.some(({ eventType }) => eventType !== ''))
    throw new Error('it takes a transition that its table lacks');
  const shouldBe: Shown = expected(table, predicted);
  for (const [part, is] of Object.entries(shown(seen)))
    if (!isSame(is, shouldBe[part])) expect(is, part).toEqual(shouldBe[part]);
};

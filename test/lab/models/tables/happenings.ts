import type { AnyEventObject } from 'xstate';
import type { Situation } from './situation.ts';
import { unexpected, type MachineTable } from './table.ts';

/** Something that can happen to a machine. */
export interface Happening {
  /** What the table calls it. */
  readonly name: string;
  /** What people call it: the name, and what it carries. */
  readonly label: string;
  readonly kind: 'sent' | 'done' | 'failed' | 'elapsed';
  /** What the machine receives. */
  readonly event: AnyEventObject;
  /** Id of the invoked actor that it comes from. */
  readonly from?: string;
  /** The state whose lines say what follows. @defaultValue any */
  readonly state?: string;
  /** Whether it can happen now. */
  isPossible(situation: Situation): boolean;
  /** What is over when it happens. */
  ends(situation: Situation): Situation;
}

/** What it carries, for people. */
const carried = (payload: unknown): string => {
  const text = payload === undefined ? '{}' : JSON.stringify(payload);
  return text === '{}' ? '' : ` ${text}`;
};

const runs =
  (id: string) =>
  ({ actors }: Situation): boolean =>
    actors.some((actor) => actor.id === id);

const same = (situation: Situation): Situation => situation;

const sent = (event: AnyEventObject): Happening => ({
  name: event.type,
  label: `${event.type}${carried({ ...event, type: undefined })}`,
  kind: 'sent',
  event,
  isPossible: () => true,
  ends: same,
});

const said = (id: string, event: AnyEventObject): Happening => ({
  ...sent(event),
  from: id,
  isPossible: runs(id),
});

const over = (id: string) => (situation: Situation) => ({
  ...situation,
  actors: situation.actors.filter((actor) => actor.id !== id),
});

const done = (id: string, output: unknown): Happening => ({
  name: `${id} done`,
  label: `${id} done${carried(output)}`,
  kind: 'done',
  from: id,
  event: { type: `xstate.done.actor.${id}`, output, actorId: id },
  isPossible: runs(id),
  ends: over(id),
});

const failed = (id: string, error: unknown): Happening => ({
  name: `${id} fails`,
  label: `${id} fails: ${String(error)}`,
  kind: 'failed',
  from: id,
  event: { type: `xstate.error.actor.${id}`, error, actorId: id },
  isPossible: runs(id),
  ends: over(id),
});

const elapsed = (machine: string, state: string, delay: string): Happening => {
  const isIt = (timer: { readonly state: string; readonly delay: string }) =>
    timer.state === state && timer.delay === delay;
  return {
    name: `after ${delay}`,
    label: `after ${delay} in ${state}`,
    kind: 'elapsed',
    state,
    event: { type: timerType(machine, { state, delay }) },
    isPossible: ({ timers }) => timers.some(isIt),
    ends: (situation) => ({ ...situation, timers: situation.timers.filter((timer) => !isIt(timer)) }),
  };
};

/** What XState calls the end of a timer. */
export const timerType = (machine: string, { state, delay }: { readonly state: string; readonly delay: string }) =>
  `xstate.after.${delay}.${machine}.${state}`;

/** Everything that can happen to a machine. */
export const happeningsOf = (
  table: Pick<MachineTable, 'machine' | 'states' | 'events' | 'says' | 'outputs' | 'errors'>,
): Happening[] => {
  const { machine, states, events, says = {}, outputs = {}, errors = {} } = table;
  const ids = [...new Set(Object.values(states).flatMap(({ runs: actors = {} }) => Object.keys(actors)))];
  return [
    ...events.map(sent),
    ...ids.flatMap((id) => [
      ...(says[id]?.map((event) => said(id, event)) ?? (outputs[id] ?? [undefined]).map((output) => done(id, output))),
      ...(errors[id] ?? [unexpected]).map((error) => failed(id, error)),
    ]),
    ...Object.entries(states).flatMap(([state, { after = {} }]) =>
      Object.keys(after).map((delay) => elapsed(machine.id, state, delay)),
    ),
  ];
};

/** What has this label. */
export const named = (happenings: readonly Happening[], label: string): Happening => {
  const found = happenings.find((one) => one.label === label);
  if (!found) throw new Error(`A walk begins with "${label}", which never happens`);
  return found;
};

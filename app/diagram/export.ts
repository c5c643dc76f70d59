import type { AnyStateMachine } from 'xstate';
import { isJsonObject, type JsonObject, type JsonValue } from '../../services/json.ts';
import { delaysOf } from './delays.ts';
import { javascript, json, literal } from './literal.ts';

/** A machine's config as data: functions, which pass params and input on, are left out. */
const dataOf = ({ config }: AnyStateMachine): JsonObject => JSON.parse(JSON.stringify(config)) as JsonObject;

const mapValues = (values: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));

/** The config of a state with numbers in place of its named delays. */
const withNumbers = (state: JsonObject, delays: Readonly<Record<string, number>>): JsonObject => {
  const { after, states, ...others } = state;
  const timed = Object.entries(isJsonObject(after) ? after : {}).map(([name, transition]) => [
    delays[name],
    transition,
  ]);
  if (new Set(timed.map(([ms]) => ms)).size < timed.length) throw new Error('Two delays of one state are equal');
  return {
    ...others,
    ...(timed.length > 0 && { after: Object.fromEntries(timed) as JsonObject }),
    ...(isJsonObject(states) && { states: mapValues(states, (child) => withNumbers(child as JsonObject, delays)) }),
  };
};

/** Prints a machine's config as JSON, with delays in milliseconds. */
export const jsonOf = (machine: AnyStateMachine): string =>
  `${literal(withNumbers(dataOf(machine), delaysOf(machine)), json)}\n`;

const stubsOf = (implementations: object, stub: string): string => {
  const members = Object.keys(implementations).map((name) => `    ${javascript.key(name)}: ${stub},\n`);
  return members.length === 0 ? '{}' : `{\n${members.join('')}  }`;
};

/** Prints a machine as a program of its own: its chart with nothing behind the names of actors, actions and guards. */
export const sourceOf = (machine: AnyStateMachine): string => {
  const { actors, actions, guards } = machine.implementations;
  const events = machine.events.filter((type: string) => type !== '*' && !type.startsWith('xstate.'));
  return `/** The chart of the ${machine.id} machine, to paste into an editor of statecharts. */
import { fromPromise, setup } from 'xstate';

export const machine = setup({
  types: {
    events: {} as {
      type:${events.map((type: string) => `\n        | ${javascript.text(type)}`).join('')};
    },
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: ${stubsOf(actors, 'fromPromise(async () => undefined)')},
  actions: ${stubsOf(actions, '() => undefined')},
  guards: ${stubsOf(guards, '() => false')},
  delays: ${literal(delaysOf(machine), javascript, '  ', 9)},
}).createMachine(${literal(dataOf(machine), javascript, '', 18)});
`;
};

import { format, resolveConfig } from 'prettier';
import type { AnyStateMachine } from 'xstate';
import type { JsonObject, JsonValue } from '../../services/json.ts';
import { delaysOf } from './examples.ts';

/** A machine's config as data: functions, which pass params and input on, are left out. */
const dataOf = ({ config }: AnyStateMachine): JsonObject => JSON.parse(JSON.stringify(config)) as JsonObject;

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mapValues = (values: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));

/** The config of a state with numbers in place of its named delays. */
const withNumbers = (state: JsonObject, delays: Readonly<Record<string, number>>): JsonObject => {
  const { after, states, ...others } = state;
  const timed = Object.entries(isObject(after) ? after : {}).map(([name, transition]) => [delays[name], transition]);
  if (new Set(timed.map(([ms]) => ms)).size < timed.length) throw new Error('Two delays of one state are equal');
  return {
    ...others,
    ...(timed.length > 0 && { after: Object.fromEntries(timed) as JsonObject }),
    ...(isObject(states) && { states: mapValues(states, (child) => withNumbers(child as JsonObject, delays)) }),
  };
};

const formatted = async (text: string, filepath: string): Promise<string> =>
  format(text, { ...(await resolveConfig(`${import.meta.dirname}/${filepath}`)), filepath });

/** A machine's config as JSON, with delays in milliseconds. */
export const jsonOf = async (machine: AnyStateMachine): Promise<string> =>
  formatted(JSON.stringify(withNumbers(dataOf(machine), delaysOf(machine))), `${machine.id}.json`);

const stubsOf = (implementations: object, stub: string): string =>
  Object.keys(implementations)
    .map((name) => `${JSON.stringify(name)}: ${stub}`)
    .join(', ');

const unionOf = (names: readonly string[]): string => names.map((name) => JSON.stringify(name)).join(' | ');

/** A machine as a program of its own: its chart with nothing behind the names of actors, actions and guards. */
export const sourceOf = async (machine: AnyStateMachine): Promise<string> => {
  const { actors, actions, guards } = machine.implementations;
  const events = machine.events.filter((type: string) => type !== '*' && !type.startsWith('xstate.'));
  const text = `
    /** The chart of the ${machine.id} machine, to paste into an editor of statecharts. Made by \`npm run diagrams\`. */
    import { fromPromise, setup } from 'xstate';

    export const machine = setup({
      types: {
        events: {} as { type: ${unionOf(events)} },
        tags: {} as 'busy' | 'ready' | 'faulty',
      },
      actors: { ${stubsOf(actors, 'fromPromise(async () => undefined)')} },
      actions: { ${stubsOf(actions, '() => undefined')} },
      guards: { ${stubsOf(guards, '() => false')} },
      delays: ${JSON.stringify(delaysOf(machine))},
    }).createMachine(${JSON.stringify(dataOf(machine))});
  `;
  return formatted(text, `${machine.id}.ts`);
};

import * as ts from 'typescript';
import { join } from 'node:path';
import type { AnyStateMachine } from 'xstate';
import { programOf, root } from '../docs/public-members.ts';
import { delaysOf } from '../../app/diagram/delays.ts';
import { routingRows } from './routing.ts';

const index = 'machines/index.ts';

/** Types that the machines' index exports, by name. */
const exportedTypes = () => {
  const program = programOf([index]);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(join(root, index));
  const module = source && checker.getSymbolAtLocation(source);
  const symbols = new Map((module ? checker.getExportsOfModule(module) : []).map((symbol) => [symbol.name, symbol]));
  const typeOf = (name: string): ts.Type => {
    const symbol = symbols.get(name);
    if (!symbol) throw new Error(`${index} does not export ${name}`);
    return checker.getDeclaredTypeOfSymbol(
      symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol,
    );
  };
  return { checker, typeOf };
};

type Types = ReturnType<typeof exportedTypes>;

const isOptional = ({ flags }: ts.Symbol): boolean => (flags & ts.SymbolFlags.Optional) !== 0;

const fieldsOf = (type: ts.Type): string[] =>
  type
    .getProperties()
    .filter(({ name }) => name !== 'type')
    .map((field) => `${field.name}${isOptional(field) ? '?' : ''}`);

/** Events of a union, each with the names of what it carries. */
const eventsOf = ({ checker, typeOf }: Types, name: string): string[] => {
  const union = typeOf(name);
  return (union.isUnion() ? union.types : [union])
    .map((event) => {
      const type = event.getProperty('type');
      const named = type && checker.getTypeOfSymbol(type);
      const fields = fieldsOf(event);
      return `${named?.isStringLiteral() ? named.value : '?'}${fields.length > 0 ? ` {${fields.join(', ')}}` : ''}`;
    })
    .toSorted();
};

const typeNameOf = ({ id }: AnyStateMachine): string => id.replace(/^./, (letter) => letter.toUpperCase());

const tagsOf = (machine: AnyStateMachine): string[] => {
  const states = [machine.root];
  for (const state of states) states.push(...Object.values(state.states));
  return [...new Set(states.flatMap(({ tags }) => tags))].toSorted();
};

const delayRows = (machine: AnyStateMachine): string[] =>
  Object.entries(delaysOf(machine)).map(([name, ms]) => {
    const isFixed = typeof (machine.implementations.delays as Record<string, unknown>)[name] === 'number';
    return `\`${name}\` ${isFixed ? '' : '~'}${ms}`;
  });

const inCode = (names: readonly string[]): string[] => names.map((name) => `\`${name}\``);

const rowsOf = (machine: AnyStateMachine, types: Types): string[] => {
  const name = typeNameOf(machine);
  const isRoot = machine.id === 'unit';
  const cells: [kind: string, names: string[]][] = [
    ['slots', inCode(Object.keys(machine.implementations.actors).toSorted())],
    ['input', inCode(fieldsOf(types.typeOf(`${name}Input`)))],
    ['events', inCode(eventsOf(types, isRoot ? 'UnitRequest' : `${name}Event`))],
    [isRoot ? 'emits' : 'facts', inCode(eventsOf(types, isRoot ? 'UnitEmitted' : `${name}Fact`))],
    ['tags', inCode(tagsOf(machine))],
    ['delays', delayRows(machine)],
  ];
  return cells.map(
    ([kind, names], row) => `| ${row === 0 ? `\`${machine.id}\`` : ''} | ${kind} | ${names.join(', ')} |`,
  );
};

/** A machine's picture, with what it is for. */
const pictureOf = ({ id, config }: AnyStateMachine): string => {
  const name = id.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `### \`${id}\`

${config.description ?? ''}

![The statechart ${id}](charts/${name}.svg)`;
};

/** What each machine takes and tells, as a page. */
export const tableOf = (machines: readonly AnyStateMachine[]): string => {
  const types = exportedTypes();
  return `# The machines

What each machine of \`pepeunit-client/machines\` takes and tells. It runs alone once its slots are filled with
\`.provide({ actors })\`, and reports its facts to the \`parent\` in its input. In \`{…}\` is what an event carries; \`?\` marks
what may be left out. Delays are in milliseconds; \`~\` marks one that depends on what the machine has learned, as it is at
first or at an ordinary moment. The unit also takes every fact of its children.

Made by \`npm run diagrams\` from the machines and their types.

| machine | | |
| --- | --- | --- |
${machines.flatMap((machine) => rowsOf(machine, types)).join('\n')}

## Pictures

They are drawn from \`machine.config\`. A line's label says what brings the transition about. Where labels would make a picture
too wide for its letters, a state lists in its box where its lines lead (\`→ target\`, and under it what leads there); a box
with a broken border stands for a state that many lines lead to, or that is in another part of the picture. What a state
handles without leaving it stands in its box.

${machines.map(pictureOf).join('\n\n')}

## Who tells whom

The children of the unit never talk to each other: each reports its facts to the unit, which sends messages on the routes
of its chart ([picture](charts/routing.svg)). \`or\` is between messages of which what the unit knows picks one; a message
may also be left out, such as one for a link that the app has closed. A child that starts again after a failure is told where
the unit stands, as far as that is not what each child assumes at its start: no network, no link, nothing wanted yet.

| from | when | in state | route | sends |
| --- | --- | --- | --- | --- |
${machines
  .filter(({ id }) => id === 'unit')
  .map(routingRows)
  .join('\n')}
`;
};

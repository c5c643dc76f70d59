import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createMachine,
  StateMachine,
  type AnyStateMachine,
  type AnyStateNode,
  type AnyTransitionDefinition,
} from 'xstate';
import { describe, expect, test } from 'vitest';
import * as exported from '../machines/index.ts';
import { idOfFile } from './support/machine-names.ts';

const rooms = join(import.meta.dirname, '../machines');
const files = readdirSync(rooms)
  .filter((name) => name.endsWith('.ts') && name !== 'index.ts')
  .map((name) => name.replace('.ts', ''));
const exportNameOf = (file: string): string => `${idOfFile(file)}Machine`;

const machines = files.map((file): [string, AnyStateMachine] => [
  file,
  (exported as unknown as Record<string, AnyStateMachine>)[exportNameOf(file)] as AnyStateMachine,
]);

const nodesOf = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)];
const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
];

/** Something that names an implementation: its name, or an object with that name as `type`. */
const typeOf = (named: unknown): unknown =>
  typeof named === 'object' && named !== null ? (named as { type?: unknown }).type : named;

/** What a state's config and its transitions name; XState's own actions for timers are not among them. */
const actionsOf = (node: AnyStateNode): unknown[] => [
  ...[node.config.entry ?? []].flat(),
  ...[node.config.exit ?? []].flat(),
  ...transitionsOf(node).flatMap(({ actions }) => actions),
];

const isHandled = (node: AnyStateNode, id: string) =>
  (node.transitions.get(`xstate.error.actor.${id}`) ?? []).some(({ guard }) => guard === undefined);

const reachableFrom = (root: AnyStateNode): Set<AnyStateNode> => {
  const seen = new Set<AnyStateNode>();
  const enter = (node: AnyStateNode): void => {
    if (seen.has(node)) return;
    seen.add(node);
    if (node.parent) enter(node.parent);
    if (node.type === 'parallel') for (const child of Object.values(node.states)) enter(child);
    for (const first of node.type === 'compound' ? node.initial.target : []) enter(first);
    for (const { target } of transitionsOf(node)) for (const next of target ?? []) enter(next);
  };
  enter(root);
  return seen;
};

test('the index exports the machine of each file and no other', () => {
  const names = Object.keys(exported).filter((name) => name.endsWith('Machine'));
  expect(names.toSorted()).toEqual(files.map(exportNameOf).toSorted());
});

test('a machine has one name: its id, its slot and its invoke id in the unit', () => {
  const { root, implementations } = exported.unitMachine;
  const children = Object.entries(implementations.actors).filter(([, logic]) => logic instanceof StateMachine);
  const slots = Object.fromEntries(children) as Record<string, AnyStateMachine>;
  const invoked = nodesOf(root).flatMap((node) =>
    node.invoke
      .filter(({ src }) => typeof src === 'string' && src in slots)
      .map(({ id, src }) => [node.parent?.key ?? '', id, src, slots[id]?.id]),
  );
  expect(invoked).toEqual(invoked.map(([name]) => [name, name, name, name]));
  expect(invoked).toHaveLength(Object.keys(slots).length);
});

describe.each(machines)('%s', (file, machine) => {
  const nodes = nodesOf(machine.root);

  test('is named after its file', () => expect(machine.id).toBe(idOfFile(file)));

  test('has dotted events and camelCase states', () => {
    for (const type of machine.events.filter((event: string) => event !== '*' && !event.startsWith('xstate.'))) {
      expect(type).toMatch(/^[a-z][a-zA-Z]*(\.[a-z][a-zA-Z]*)+$/);
    }
    for (const node of nodes.slice(1)) expect(node.key).toMatch(/^[a-z][a-zA-Z]*$/);
  });

  test('describes each state', () => {
    expect(nodes.filter(({ description }) => !description?.endsWith('.')).map(({ id }) => id)).toEqual([]);
  });

  test('tags states from the closed set', () => {
    const foreign = nodes.flatMap(({ tags }) => tags).filter((tag) => !['busy', 'ready', 'faulty'].includes(tag));
    expect(foreign).toEqual([]);
  });

  test('handles the error of each thing it invokes', () => {
    const unhandled = nodes.flatMap((node) => node.invoke.filter(({ id }) => !isHandled(node, id)));
    expect(unhandled.map(({ id }) => id)).toEqual([]);
  });

  test('names its delays', () => {
    const delays = nodes.flatMap(({ after }) => after.map(({ delay }) => delay));
    expect(delays.filter((delay) => !Object.hasOwn(machine.implementations.delays, String(delay)))).toEqual([]);
  });

  test('has nothing inline', () => {
    const named = nodes.flatMap((node) => [
      ...node.invoke.map(({ src }) => src),
      ...actionsOf(node).map(typeOf),
      ...transitionsOf(node).flatMap(({ guard }) => (guard === undefined ? [] : [typeOf(guard)])),
    ]);
    expect(named.filter((name) => typeof name !== 'string')).toEqual([]);
  });

  test('reaches every state', () => {
    const reached = reachableFrom(machine.root);
    expect(nodes.filter((node) => !reached.has(node)).map(({ id }) => id)).toEqual([]);
  });

  test('uses every action, guard, actor and delay that it declares, and declares every one that it uses', () => {
    const used = {
      actors: nodes.flatMap((node) => node.invoke.map(({ src }) => src)),
      delays: nodes.flatMap((node) => node.after.map(({ delay }) => delay)),
      guards: nodes.flatMap((node) => transitionsOf(node).flatMap(({ guard }) => (guard ? [typeOf(guard)] : []))),
      actions: nodes.flatMap((node) => actionsOf(node).map(typeOf)),
    };
    const declared = Object.entries(used).map(([kind]) => [
      kind,
      Object.keys(machine.implementations[kind as keyof typeof used]).toSorted(),
    ]);
    expect(declared).toEqual(
      Object.entries(used).map(([kind, names]) => [kind, [...new Set(names.map(String))].toSorted()]),
    );
  });

  test('keeps events, actions and guards in words that say what they are', () => {
    for (const guard of Object.keys(machine.implementations.guards)) expect(guard).toMatch(/^(is|has|can)[A-Z]/);
    for (const delay of Object.keys(machine.implementations.delays)) expect(delay).toMatch(/(After|Every|Within)$/);
    for (const action of Object.keys(machine.implementations.actions)) expect(action).toMatch(/^[a-z][a-zA-Z]*$/);
  });

  test('loads as plain JSON (X12)', () => {
    const definition: unknown = JSON.parse(JSON.stringify(machine.definition));
    const drawn = createMachine(JSON.parse(JSON.stringify(machine.config)) as never);
    expect(nodesOf(drawn.root).map(({ id }) => id)).toEqual(nodes.map(({ id }) => id));
    expect(drawn.events.map(String).toSorted()).toEqual(machine.events.map(String).toSorted());
    expect(definition).toMatchObject({ id: idOfFile(file), states: expect.any(Object) as object });
    const invoked = (root: AnyStateNode) => nodesOf(root).flatMap((node) => node.invoke.map(({ src }) => src));
    expect(invoked(drawn.root)).toEqual(invoked(machine.root));
  });

  test('takes no clock, chance or host of its own (X11)', () => {
    const source = readFileSync(join(rooms, `${file}.ts`), 'utf8');
    expect(source).not.toMatch(/\b(Date\.|Math\.random|setTimeout|setInterval|process\.|console\.)/);
  });
});

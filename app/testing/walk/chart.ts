import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';

/** A state node and all below it. */
export const nodesOf = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)];

/** Every transition that a state node declares, `always` included. */
const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...[...node.transitions.values()].flat(),
  ...(node.always ?? []),
];

/** The path of a state inside its machine, such as `linked.online`; the machine's id for its root. */
export const nameOf = (node: AnyStateNode): string => node.path.join('.') || node.key;

/** The states that are active, root included. */
export const activeNodes = (snapshot: AnyMachineSnapshot): readonly AnyStateNode[] => {
  const { _nodes: nodes } = snapshot as { _nodes: readonly AnyStateNode[] };
  return nodes;
};

const targetsOf = ({ target }: AnyTransitionDefinition): string =>
  target === undefined ? '' : ` -> ${target.map(nameOf).join(', ')}`;

const triggerOf = (eventType: string): string =>
  eventType === ''
    ? 'always'
    : eventType
        .replace(/^xstate\.(done|error)\.actor\./, '$1 ')
        .replace(/^xstate\.done\.state\./, 'done ')
        .replace(/^xstate\.after\.([^.]*)\..*$/, 'after $1');

/** Each declared transition with a name for people. */
export const declaredTransitions = (machine: AnyStateMachine): Map<AnyTransitionDefinition, string> =>
  new Map(
    nodesOf(machine.root).flatMap((node) =>
      transitionsOf(node).map((transition, index) => [
        transition,
        `${nameOf(node)}: ${triggerOf(transition.eventType)}${targetsOf(transition)} (${index + 1})`,
      ]),
    ),
  );

/** Each declared state but the root. */
export const declaredStates = (machine: AnyStateMachine): string[] => nodesOf(machine.root).slice(1).map(nameOf);

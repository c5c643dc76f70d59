import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { transitionsOf } from './labels.ts';

/** What a chart says of one state, all by name. */
export interface Outline {
  readonly path: string;
  readonly type: string;
  readonly initial: string | undefined;
  readonly tags: readonly string[];
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invoke: readonly string[];
  readonly transitions: readonly string[];
}

export const nodesOf = (node: AnyStateNode): AnyStateNode[] => [node, ...Object.values(node.states).flatMap(nodesOf)];

/** The name of an action, guard or actor, which may be in an object with params. */
export const nameOf = (named: unknown): string =>
  typeof named === 'object' && named !== null ? String((named as { type?: unknown }).type) : String(named);

const namesOf = (named: unknown): string[] => (named === undefined ? [] : [named].flat().map(nameOf));

const pathOf = ({ path }: AnyStateNode): string => path.join('.');

const transitionOf = (delayOf: (name: string) => string | number, isReentrySeen: boolean) => {
  const eventOf = ({ eventType }: AnyTransitionDefinition): string =>
    String(eventType).replace(
      /^(xstate\.after\.)([^.]+)/,
      (_, after: string, name: string) => `${after}${delayOf(name)}`,
    );
  return (transition: AnyTransitionDefinition): string =>
    [
      eventOf(transition),
      ...(transition.guard === undefined ? [] : [`[${nameOf(transition.guard)}]`]),
      ...(transition.target ?? []).map((target: AnyStateNode) => `→ ${pathOf(target)}`),
      ...(isReentrySeen && transition.reenter ? ['(again)'] : []),
      ...namesOf(transition.actions).map((action) => `/ ${action}`),
    ].join(' ');
};

interface Lens {
  /** What stands for a named delay. @defaultValue its name */
  readonly delayOf?: (name: string) => string | number;
  /** Whether a transition that enters its own state again is told from one that stays. @defaultValue true */
  readonly isReentrySeen?: boolean;
}

/** Everything that a machine's chart says, state by state: machines with equal outlines are the same chart. */
export const outlineOf = (
  { root }: AnyStateMachine,
  { delayOf = (name) => name, isReentrySeen = true }: Lens = {},
): Outline[] =>
  nodesOf(root).map((node) => ({
    path: pathOf(node),
    type: node.type,
    initial: node.type === 'compound' ? node.initial.target.map(pathOf).join() : undefined,
    tags: node.tags,
    entry: namesOf(node.config.entry),
    exit: namesOf(node.config.exit),
    invoke: node.invoke.map(({ id, src }) => `${id}: ${nameOf(src)}`),
    transitions: transitionsOf(node).map(transitionOf(delayOf, isReentrySeen)),
  }));

import type { AnyStateMachine, AnyStateNode, AnyTransitionDefinition } from 'xstate';
import { nodesOf } from '../../app/testing/walk/chart.ts';

/** Every transition that a state declares, `always` first. */
export const transitionsOf = (node: AnyStateNode): AnyTransitionDefinition[] => [
  ...(node.always ?? []),
  ...[...node.transitions.values()].flat(),
];

/** What a chart says of one state, all by name. */
export interface Outline {
  readonly path: string;
  readonly type: string;
  readonly initial: string | undefined;
  readonly tags: readonly string[];
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invoke: readonly string[];
  /** For each event, its transitions in the order in which they are tried. */
  readonly transitions: Readonly<Record<string, readonly string[]>>;
}

/** The name of an action, guard or actor, which may be in an object with params. */
export const nameOf = (named: unknown): string =>
  typeof named === 'object' && named !== null ? String((named as { type?: unknown }).type) : String(named);

const namesOf = (named: unknown): string[] => (named === undefined ? [] : [named].flat().map(nameOf));

const pathOf = ({ path }: AnyStateNode): string => path.join('.');

type DelayOf = (name: string) => string | number;

const eventOf = ({ eventType }: AnyTransitionDefinition, delayOf: DelayOf): string =>
  String(eventType).replace(
    /^(xstate\.after\.)([^.]+)/,
    (_, after: string, name: string) => `${after}${delayOf(name)}`,
  );

const transitionOf = (transition: AnyTransitionDefinition, isReentrySeen: boolean): string =>
  [
    ...(transition.guard === undefined ? [] : [`[${nameOf(transition.guard)}]`]),
    ...(transition.target ?? []).map((target: AnyStateNode) => `→ ${pathOf(target)}`),
    ...(isReentrySeen && transition.reenter ? ['(again)'] : []),
    ...namesOf(transition.actions).map((action) => `/ ${action}`),
  ].join(' ');

interface Lens {
  /** What stands for a named delay. @defaultValue its name */
  readonly delayOf?: DelayOf;
  /** Whether a transition that enters its own state again is told from one that stays. @defaultValue true */
  readonly isReentrySeen?: boolean;
}

const byEventOf = (node: AnyStateNode, { delayOf, isReentrySeen }: Required<Lens>): Outline['transitions'] => {
  const byEvent: Record<string, string[]> = {};
  for (const transition of transitionsOf(node)) {
    (byEvent[eventOf(transition, delayOf)] ??= []).push(transitionOf(transition, isReentrySeen));
  }
  return byEvent;
};

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
    transitions: byEventOf(node, { delayOf, isReentrySeen }),
  }));

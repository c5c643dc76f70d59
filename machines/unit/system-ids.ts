import { StateMachine, type AnyStateMachine } from 'xstate';
import { refuseRestoring } from '../lib/restoring.ts';

type Config = AnyStateMachine['config'];

interface Node {
  readonly invoke?: { readonly id?: string; readonly systemId?: string };
  readonly states?: Readonly<Record<string, Node>>;
}

/** Adds a system id to each invoke of a state and of the states in it. */
const named = (node: Node, prefix: string): Node => ({
  ...node,
  ...(node.invoke && { invoke: { ...node.invoke, systemId: `${prefix}${node.invoke.id}` } }),
  ...(node.states && {
    states: Object.fromEntries(Object.entries(node.states).map(([key, one]) => [key, named(one, prefix)])),
  }),
});

/**
 * Copies a machine such that its children can be found in their actor system: each by the prefix and its invoke id.
 *
 * @example
 * const kitchen = withSystemIds(unitMachine, 'kitchen.'); // system.get('kitchen.mqtt')
 */
export const withSystemIds = <TMachine extends AnyStateMachine>(machine: TMachine, prefix: string): TMachine =>
  refuseRestoring(
    new StateMachine(
      named(machine.config as Node, prefix) as Config,
      machine.implementations,
    ) as AnyStateMachine as TMachine,
  );

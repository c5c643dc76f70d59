import { longestDelays } from '../../machines/mqtt/reconnect-delay.ts';
import type { AnyStateMachine } from 'xstate';

/** What a machine needs to know at its start, for its first context. */
const inputs: Readonly<Record<string, object>> = { mqtt: { protocol: 'auto' } };

/** Data of an ordinary moment, for delays that depend on what a machine has learned. */
const ordinary: Readonly<Record<string, object>> = {
  unit: { settings: { stateSendIntervalMs: 300_000 }, restarts: { mqtt: 1 } },
  update: { trial: { healthyWithinMs: 120_000 }, nextProbeMs: 15_000 },
};

const contextOf = ({ id, config }: AnyStateMachine): object => {
  const { context } = config as { context: (args: { input: object }) => object };
  return { ...context({ input: { ...inputs[id] } }), ...ordinary[id] };
};

type Delay = number | ((args: { context: object }) => number);

/** What stands in for delays that are drawn. */
const undrawn: Readonly<Record<string, Record<string, Delay>>> = { mqtt: longestDelays as Record<string, Delay> };

/** Every delay of a machine in milliseconds, as it is at first or at an ordinary moment. */
export const delaysOf = (machine: AnyStateMachine): Record<string, number> => {
  const context = contextOf(machine);
  return Object.fromEntries(
    Object.entries({ ...(machine.implementations.delays as Record<string, Delay>), ...undrawn[machine.id] }).map(
      ([name, delay]) => [name, typeof delay === 'number' ? delay : delay({ context })],
    ),
  );
};

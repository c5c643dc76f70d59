import type { AnyStateMachine } from 'xstate';
import { jsonOf, sourceOf } from '../diagram/export.ts';
import { layouts } from '../diagram/layouts.ts';
import { mermaidOf } from '../diagram/mermaid.ts';
import { chartOfMachine, ownMachines } from '../diagram/own.ts';
import { svgOf } from '../diagram/svg.ts';
import { print } from '../terminal/output.ts';
import { command, exitCode, UsageError } from './command.ts';

const drawn = (machine: AnyStateMachine): string => {
  const layout = layouts[machine.id];
  if (!layout) throw new UsageError(`There is no layout of ${machine.id}.`);
  return svgOf(chartOfMachine(machine), layout);
};

const formats: Readonly<Record<string, (machine: AnyStateMachine) => string>> = {
  svg: drawn,
  mermaid: (machine) => mermaidOf(chartOfMachine(machine)),
  json: jsonOf,
  ts: sourceOf,
};

const names = ownMachines.map(({ id }) => id).toSorted();

/** `pepeunit diagram`: prints the statechart of a machine. */
export const diagramCommand = command(
  {
    name: 'diagram',
    operands: 'NAME',
    minOperands: 1,
    maxOperands: 1,
    choices: names,
    about:
      'Prints the statechart of the machine NAME: a picture, or data for editors of statecharts.\n' +
      `NAME is one of ${names.join(', ')}.`,
    options: {
      format: {
        type: 'string',
        value: 'FORMAT',
        choices: Object.keys(formats),
        help: 'svg (by default; light and dark), mermaid, json (delays in milliseconds) or ts (a program of its own).',
      },
    },
    examples: ['mqtt > mqtt.svg', 'unit --format mermaid'],
  },
  async ({ operands: [name = ''], options: { format = 'svg' } }) => {
    const machine = ownMachines.find(({ id }) => id === name);
    if (!machine) throw new UsageError(`There is no machine "${name}", only ${names.join(', ')}.`);
    const write = formats[format] ?? drawn;
    print(write(machine).trimEnd());
    return exitCode.ok;
  },
);

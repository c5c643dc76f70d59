import { runDemo } from '../demo/demo.ts';
import { ownInspectorOptions, startOwnInspector } from './inspection.ts';
import { command, exitCode, positiveNumber, secondsIn } from './command.ts';
import { interruption } from '../terminal/interruption.ts';
import { print } from '../terminal/output.ts';

/** `pepeunit demo`: runs two example units against an embedded Pepeunit. */
export const demoCommand = command(
  {
    name: 'demo',
    operands: '',
    minOperands: 0,
    maxOperands: 0,
    about:
      'Starts an embedded Pepeunit on free loopback ports and two example units, each in its own process: one regulates\n' +
      "a fan, the other shows its temperature. An operator then changes the fan's state, env, links and program, and\n" +
      'requests its log. Prints events as they happen, and checks the effect of each command. A page, whose address is\n' +
      'printed, shows all that the units did so far. Ctrl-C stops everything.',
    options: {
      for: { type: 'string', value: 'SECONDS', help: 'Stop after this time. By default the demo runs until Ctrl-C.' },
      protocol: {
        type: 'string',
        value: 'LEVEL',
        choices: ['4', '5'],
        help: 'Newest version of MQTT that the broker speaks: 5, or 4 for 3.1.1, which the units find out. 5 by default.',
      },
      ...ownInspectorOptions,
      json: {
        type: 'boolean',
        help: 'Print a JSON summary as the last line of standard output, and the events to standard error.',
      },
    },
    examples: ['', '--for 30 --protocol 4'],
  },
  async ({ options }) => {
    const durationMs = secondsIn(positiveNumber, 'for', options.for);
    const protocol = options.protocol === '4' ? 4 : 5;
    await using inspector = await startOwnInspector(options);
    using stop = interruption();
    const { summary, ending } = await runDemo({
      output: options.json === true ? process.stderr : process.stdout,
      durationMs,
      protocol,
      interrupted: stop.signal,
      inspectorUrl: inspector?.url,
    });
    if (options.json === true) print(JSON.stringify(summary));
    return ending === 'failed' ? exitCode.failed : exitCode.ok;
  },
);

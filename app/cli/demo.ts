import { runDemo } from '../demo/demo.ts';
import { command, exitCode, positiveNumber } from './command.ts';
import { interruption } from '../terminal/interruption.ts';
import { print } from '../terminal/output.ts';

/** Shows two units live. */
export const demoCommand = command(
  {
    name: 'demo',
    operands: '',
    least: 0,
    most: 0,
    about:
      'Starts an embedded Pepeunit on free loopback ports and two example units in processes of their own: one regulates\n' +
      "a fan, the other shows its temperature. An operator then changes the fan's state, env, links and program, and asks\n" +
      'for its log. Shows what happens as it happens, and judges each command by its effect. Ctrl-C stops everything.',
    options: {
      for: { type: 'string', value: 'SECONDS', help: 'End after so long. By default it runs until Ctrl-C.' },
      json: {
        type: 'boolean',
        help: 'Print a summary as the last line of standard output, and the rest to standard error.',
      },
    },
  },
  async ({ options }) => {
    const seconds = positiveNumber('for', options.for);
    using stop = interruption();
    const { summary, ending } = await runDemo({
      output: options.json === true ? process.stderr : process.stdout,
      durationMs: seconds === undefined ? undefined : seconds * 1000,
      interrupted: stop.signal,
    });
    if (options.json === true) print(JSON.stringify(summary));
    return ending === 'failed' ? exitCode.failed : exitCode.ok;
  },
);

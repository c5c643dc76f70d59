import { print } from '../../terminal/output.ts';
import { command, exitCode, UsageError, type CommandEntry } from '../command.ts';
import { createCommand } from '../help.ts';
import { bashScript } from './bash.ts';
import { completableOf, type Completable } from './completable.ts';
import { fishScript } from './fish.ts';
import { zshScript } from './zsh.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const shells = Object.keys(scripts);

/** Loads a command. One that lacks an optional package is completed by its name alone. */
const completable = async ({ name, summary, load }: CommandEntry): Promise<Completable> =>
  completableOf(await load().catch(() => createCommand(name)), summary);

/** Creates `pepeunit completion`, which prints what completes the commands in a shell. */
export const completionCommand = (entries: readonly CommandEntry[]) =>
  command(
    {
      name: 'completion',
      operands: 'SHELL',
      minOperands: 1,
      maxOperands: 1,
      choices: shells,
      about:
        'Prints a script that completes commands, options and their values: SHELL is bash, zsh or fish. The shell has to\n' +
        'find pepeunit, as after npm install --global pepeunit-client. For bash, put into ~/.bashrc:\n\n' +
        '  eval "$(pepeunit completion bash)"\n\n' +
        'For zsh, the same with zsh into ~/.zshrc, after compinit. For fish, into ~/.config/fish/config.fish:\n\n' +
        '  pepeunit completion fish | source',
      options: {},
      examples: ['bash'],
    },
    async ({ operands: [shell = ''] }) => {
      const script = Object.entries(scripts).find(([name]) => name === shell)?.[1];
      if (!script) throw new UsageError(`There is no completion for "${shell}", only for ${shells.join(', ')}.`);
      print(script(['pepeunit', 'pepeunit-client'], await Promise.all(entries.map(completable))));
      return exitCode.ok;
    },
  );

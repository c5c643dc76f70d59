import { Command, type HelpConfiguration } from 'commander';
import { folded, item } from '../terminal/layout.ts';
import { print, printStatus, widthOf, type Output } from '../terminal/output.ts';

/** Columns that an option without a short form leaves for one. */
const noShort = ' '.repeat('-h, '.length);

/** How commander lays help out, but for lines that fit any width. */
const layout: HelpConfiguration = {
  minWidthToWrap: 0,
  optionTerm: ({ short, flags }) => `${short === undefined ? noShort : ''}${flags.replaceAll(/[<>]/g, '')}`,
  optionDescription: ({ description }) => description,
  subcommandTerm: (command) => command.name(),
  formatItem: (term, termWidth, description, { helpWidth }) => item(term, termWidth, description, helpWidth ?? 80),
};

/** Prints help in lines that fit, and without the empty last one. */
const writeTo = (to: Output, printLine: (line: string) => void) => (text: string) => {
  for (const line of text.trimEnd().split('\n')) printLine(folded(line, widthOf(to), 4).join('\n'));
};

/** Creates a command of commander whose help fits the terminal, and that throws where commander would end the process. */
export const createCommand = (name: string): Command =>
  new Command(name)
    .exitOverride()
    .configureHelp(layout)
    .configureOutput({
      writeOut: writeTo(process.stdout, print),
      writeErr: writeTo(process.stderr, printStatus),
      getOutHelpWidth: () => widthOf(process.stdout),
      getErrHelpWidth: () => widthOf(process.stderr),
      // The message is in the error that is thrown.
      outputError: () => undefined,
    })
    .helpOption('-h, --help', 'Show this text.');

import type { Command } from 'commander';

/** An option as shells complete it. */
export interface CompletableOption {
  readonly short: string | undefined;
  readonly long: string;
  /** One sentence of its help. */
  readonly about: string;
  /** Whether a value follows it. */
  readonly hasValue: boolean;
  /** Placeholder of the value. */
  readonly value: string;
  readonly choices: readonly string[];
}

/** A command as shells complete it. */
export interface Completable {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletableOption[];
  /** What its first operand may be; none for a path. */
  readonly choices: readonly string[];
}

const firstSentence = (text: string): string => /^.*?[.;](?= |$)/.exec(text)?.[0].slice(0, -1) ?? text;

const ofAll: readonly CompletableOption[] = [
  { short: '-h', long: '--help', about: 'Show how to call it', hasValue: false, value: '', choices: [] },
  { short: '-v', long: '--version', about: 'Show the version', hasValue: false, value: '', choices: [] },
];

/** Reads what there is to complete of a command. */
export const completableOf = (command: Command, summary: string): Completable => ({
  name: command.name(),
  summary,
  options: [
    ...command.options.map((option) => ({
      short: option.short,
      long: option.long ?? '',
      about: firstSentence(option.description),
      hasValue: option.required,
      value: /[<[](.+)[>\]]/.exec(option.flags)?.[1] ?? '',
      choices: option.argChoices ?? [],
    })),
    ...ofAll,
  ],
  choices: command.registeredArguments[0]?.argChoices ?? [],
});

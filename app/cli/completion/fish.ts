import type { Completable, CompletableOption } from './completable.ts';

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, String.raw`\$&`)}'`;

const valueOf = ({ hasValue, choices }: CompletableOption): string => {
  if (!hasValue) return '';
  return choices.length === 0 ? ' -r' : ` -x -a ${quoted(choices.join(' '))}`;
};

const linesOf = ({ name, summary, options, choices }: Completable): string[] => {
  const within = `complete -c $name -n '__fish_seen_subcommand_from ${name}'`;
  return [
    `  complete -c $name -f -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...(choices.length === 0 ? [] : [`  ${within} -f -a ${quoted(choices.join(' '))}`]),
    ...options.map((option) => {
      const short = option.short === undefined ? '' : ` -s ${option.short.slice(1)}`;
      return `  ${within}${short} -l ${option.long.slice(2)}${valueOf(option)} -d ${quoted(option.about)}`;
    }),
  ];
};

/** Completion for fish 3 or newer. */
export const fishScript = (names: readonly string[], commands: readonly Completable[]): string => {
  const all = commands.map(({ name }) => name).join(' ');
  return [
    `for name in ${names.join(' ')}`,
    ...commands.flatMap(linesOf),
    "  complete -c $name -f -n __fish_use_subcommand -a help -d 'Show how to call a command'",
    `  complete -c $name -f -n '__fish_seen_subcommand_from help' -a ${quoted(all)}`,
    '  complete -c $name -n __fish_use_subcommand -s h -l help',
    '  complete -c $name -n __fish_use_subcommand -s v -l version',
    'end',
  ].join('\n');
};

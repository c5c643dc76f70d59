import type { Completable } from './completable.ts';

const flagsOf = ({ options }: Completable): string =>
  options.flatMap(({ short, long }) => (short === undefined ? [long] : [short, long])).join(' ');

const branchOf = (command: Completable): string[] => {
  const valued = command.options.filter(({ hasValue }) => hasValue);
  const free = valued.filter(({ choices }) => choices.length === 0).map(({ long }) => long);
  const values = [
    ...valued
      .filter(({ choices }) => choices.length > 0)
      .map(({ long, choices }) => `        ${long}) flags= words='${choices.join(' ')}' ;;`),
    ...(free.length === 0 ? [] : [`        ${free.join(' | ')}) flags= words= ;;`]),
  ];
  return [
    `    ${command.name})`,
    `      flags='${flagsOf(command)}' words='${command.choices.join(' ')}'`,
    ...(values.length === 0 ? [] : ['      case "$before" in', ...values, '      esac']),
    '      ;;',
  ];
};

/** Completion for bash 3.2 or newer. Where it knows no word, bash completes paths. */
export const bashScript = (names: readonly string[], commands: readonly Completable[]): string => {
  const all = commands.map(({ name }) => name).join(' ');
  return [
    '_pepeunit() {',
    '  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} flags= words= each',
    '  COMPREPLY=()',
    '  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do [[ $each == -- ]] && return; done',
    '  if ((COMP_CWORD == 1)); then',
    `    flags='-h --help -v --version' words='${all} help'`,
    '  else',
    '    case "${COMP_WORDS[1]}" in',
    ...[...commands.flatMap(branchOf), `    help) words='${all}' ;;`].map((line) => `  ${line}`),
    '    esac',
    '  fi',
    '  [[ $word == -* ]] && words=$flags',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    `complete -o default -F _pepeunit ${names.join(' ')}`,
  ].join('\n');
};

import type { Completable, CompletableOption } from './completable.ts';

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Escapes what separates the parts of a specification of `_arguments`. */
const escaped = (text: string): string => text.replaceAll(/[[\]:\\]/g, String.raw`\$&`);

const actionOf = (choices: readonly string[]): string => (choices.length === 0 ? '_files' : `(${choices.join(' ')})`);

const specsOf = ({ short, long, about, hasValue, value, choices }: CompletableOption): string[] => {
  const isPath = /FILE|FOLDER|DIR|KEY/.test(value);
  const action = choices.length > 0 || isPath ? actionOf(choices) : ' ';
  const argument = hasValue ? `:${escaped(value)}:${action}` : '';
  return [short, long].flatMap((flag) => (flag === undefined ? [] : [quoted(`${flag}[${escaped(about)}]${argument}`)]));
};

const branchOf = ({ name, options, choices }: Completable): string[] => [
  `    ${name})`,
  ...['_arguments', ...options.flatMap(specsOf), quoted(`*: :${actionOf(choices)}`)].map((part, index, all) => {
    const end = index < all.length - 1 ? ' \\' : ' ;;';
    return `${index === 0 ? '      ' : '        '}${part}${end}`;
  }),
];

/** Completion for zsh: to `source` after `compinit`, or as the file `_pepeunit` in a folder of `fpath`. */
export const zshScript = (names: readonly string[], commands: readonly Completable[]): string =>
  [
    `#compdef ${names.join(' ')}`,
    '_pepeunit() {',
    '  local -a commands',
    '  commands=(',
    ...commands.map(({ name, summary }) => `    ${quoted(`${name}:${escaped(summary)}`)}`),
    "    'help:Show how to call a command'",
    '  )',
    '  if (( CURRENT == 2 )); then',
    "    _describe 'command' commands",
    '    return',
    '  fi',
    '  shift words',
    '  (( CURRENT-- ))',
    '  case $words[1] in',
    ...commands.flatMap(branchOf),
    "    help) _describe 'command' commands ;;",
    '  esac',
    '}',
    'if [[ $funcstack[1] == _pepeunit ]]; then',
    '  _pepeunit "$@"',
    'else',
    `  compdef _pepeunit ${names.join(' ')}`,
    'fi',
  ].join('\n');

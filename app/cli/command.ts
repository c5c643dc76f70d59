import { Argument, Option, type Command } from 'commander';
import { PepeunitError } from '../../services/errors.ts';
import { createCommand } from './help.ts';

/** Exit codes of the commands; 78 is `EX_CONFIG` of sysexits.h. */
export const exitCode = { ok: 0, failed: 1, usage: 2, unconfigured: 78 } as const;

/** A wrong option or a wrong number of operands; the command exits with 2. */
export class UsageError extends PepeunitError {
  override readonly name = 'UsageError';
  declare readonly code: 'usage';
  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, options);
  }
}

/** What `--json` prints of a failure to standard error. */
export const errorData = ({ name, code, message }: { name: string; code: string; message: string }) => ({
  type: 'error',
  name,
  code,
  message,
});

/** One command of `pepeunit`; `load` imports its code only when it is called. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** One option of a command, as its help shows it. */
interface OptionManual {
  readonly type: 'boolean' | 'string';
  readonly help: string;
  /** Placeholder of the value in the help, such as `SECONDS`. */
  readonly value?: string;
  /** Whether a word after the option is its value, which may be left out: the option is then the empty text. @defaultValue the value has to be there */
  readonly optionalValue?: (word: string) => boolean;
  /** All values that it takes, in any letter case. @defaultValue any */
  readonly choices?: readonly string[];
  /** Checks a value before the operands are. @throws {UsageError} */
  readonly check?: (value: string) => unknown;
}
type Options = Readonly<Record<string, OptionManual>>;

/** Name, operands, options and help of a command. */
export interface Manual<TOptions extends Options> {
  readonly name: string;
  /** Operands as the help shows them, such as `[FOLDER]`. */
  readonly operands: string;
  readonly minOperands: number;
  readonly maxOperands: number;
  /** What it does. A line break counts as a space, an empty line begins a paragraph. */
  readonly about: string;
  readonly options: TOptions;
  /** What the first operand may be, for completion. @defaultValue a path */
  readonly choices?: readonly string[];
  /** Calls to copy, the operands and options after the command's name. */
  readonly examples?: readonly string[];
}

/** Operands and options that a command was called with. */
export interface Called<TOptions extends Options> {
  readonly operands: readonly string[];
  readonly options: { readonly [K in keyof TOptions]?: TOptions[K]['type'] extends 'boolean' ? boolean : string };
}

type Valued = Required<Pick<OptionManual, 'value'>> & OptionManual;

/**
 * Refuses a value that is none: by its look another option, in place of one that was forgotten. A number may begin with a
 * minus.
 */
const valueOf =
  (name: string, { value, choices, check }: Valued) =>
  (given: string): string => {
    const known = choices?.find((choice) => choice.toLowerCase() === given.toLowerCase());
    const isWrong = choices ? known === undefined : given.startsWith('-') && Number.isNaN(Number(given));
    if (isWrong) throw new UsageError(`--${name} takes ${choices?.join(', ') ?? value}, not "${given}".`);
    check?.(given);
    return known ?? given;
  };

const optionOf = (name: string, manual: OptionManual): Option => {
  const { type, help, value = name.toUpperCase(), optionalValue, choices } = manual;
  if (type === 'boolean') return new Option(`--${name}`, help);
  const option = new Option(optionalValue ? `--${name} [${value}]` : `--${name} <${value}>`, help);
  return (choices ? option.choices(choices) : option).argParser(valueOf(name, { ...manual, value }));
};

/** Writes the value of an option that may have none into one argument, so that what follows is no value of it. */
const withOptionalValues = (args: readonly string[], options: Options): string[] => {
  const joined: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') return [...joined, arg, ...rest];
    const isValue = arg.startsWith('--') ? options[arg.slice(2)]?.optionalValue : undefined;
    const [next] = rest;
    const value = isValue && next !== undefined && !next.startsWith('-') && isValue(next) ? rest.shift() : '';
    joined.push(isValue ? `${arg}=${value}` : arg);
  }
  return joined;
};

const flowing = (text: string): string => text.replaceAll(/(?<!\n)\n(?!\n)/g, ' ');

const examplesText = (name: string, examples: readonly string[]): string =>
  ['', 'Examples:', ...examples.map((one) => `  npx pepeunit-client ${name} ${one}`.trimEnd())].join('\n');

/** Creates a command of commander, whose action calls `run` and sets the exit code that it returns. */
export const command = <const TOptions extends Options>(
  { name, operands: expected, minOperands, maxOperands, about, options, choices, examples = [] }: Manual<TOptions>,
  run: (called: Called<TOptions>) => Promise<number>,
): Command => {
  const made = createCommand(name);
  const parse = made.parseOptions.bind(made);
  made.parseOptions = (args) => parse(withOptionalValues(args, options));
  made.usage(['[OPTIONS]', expected].filter((part) => part !== '').join(' ')).description(flowing(about));
  for (const [option, manual] of Object.entries(options)) made.addOption(optionOf(option, manual));
  if (examples.length > 0) made.addHelpText('after', examplesText(name, examples));
  const operand = new Argument('[operands...]');
  if (choices) operand.argChoices = [...choices];
  made.addArgument(operand);
  return made.action(async () => {
    const { args } = made;
    if (args.length < minOperands || args.length > maxOperands) {
      const wanted = expected === '' ? 'no operands' : expected;
      throw new UsageError(`It takes ${wanted}, not ${args.length === 0 ? 'nothing' : args.join(' ')}.`);
    }
    const given = made.options.map((option) => [option.name(), made.getOptionValue(option.attributeName())]);
    process.exitCode = await run({ operands: args, options: Object.fromEntries(given) as Called<TOptions>['options'] });
  });
};

/** Parses an option as a number above zero. @returns `undefined` for an absent option. @throws {UsageError} */
export const positiveNumber = (option: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0) {
    throw new UsageError(`--${option} takes a number above zero, not "${text}".`);
  }
  return number;
};

/** Parses an option as a number of at least zero. @returns `undefined` for an absent option. @throws {UsageError} */
export const numberFromZero = (option: string, text: string | undefined): number | undefined =>
  Number(text) === 0 && text?.trim() !== '' ? 0 : positiveNumber(option, text);

/** Longest delay of Node's timers, seconds; a longer one fires at once. */
const maxSeconds = 2_147_483;

/** Parses an option as seconds, by one of the functions above. @returns Whole milliseconds. @throws {UsageError} */
export const secondsIn = (
  read: typeof positiveNumber,
  option: string,
  text: string | undefined,
): number | undefined => {
  const seconds = read(option, text);
  if (seconds === undefined) return undefined;
  if (seconds > maxSeconds) throw new UsageError(`--${option} takes at most ${maxSeconds} seconds.`);
  return Math.ceil(Math.round(seconds * 1e6) / 1000);
};

/** Parses an option as a whole number above zero. @returns `undefined` for an absent option. @throws {UsageError} */
export const wholeNumber = (option: string, text: string | undefined): number | undefined => {
  const number = positiveNumber(option, text);
  if (number !== undefined && !Number.isSafeInteger(number)) throw new UsageError(`--${option} takes a whole number.`);
  return number;
};

/** Parses an option as a port. @returns 0, for a free one, for an absent option. @throws {UsageError} */
export const portIn = (option: string, text: string | undefined): number => {
  const number = Number(text ?? '0');
  if (text?.trim() === '' || !Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new UsageError(`--${option} takes a port from 0 to 65535, not "${text}".`);
  }
  return number;
};

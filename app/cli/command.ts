import { parseArgs } from 'node:util';
import { PepeunitError } from '../../services/errors.ts';
import { columns, print } from '../terminal/output.ts';

/** Exit codes of the commands; 78 is `EX_CONFIG` of sysexits.h. */
export const exitCode = { ok: 0, failed: 1, usage: 2, unconfigured: 78 } as const;

/** Runs a command. @returns Its exit code. */
export type Run = (args: string[]) => Promise<number>;

/** A wrong option or a wrong number of operands; the command exits with 2. */
export class UsageError extends PepeunitError {
  override readonly name = 'UsageError';
  declare readonly code: 'usage';
  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, options);
  }
}

/** One option of a command, as its help shows it. */
interface OptionManual {
  readonly type: 'boolean' | 'string';
  readonly help: string;
  /** Placeholder of the value in the help, such as `SECONDS`. */
  readonly value?: string;
  /** What a value looks like that may be left out: the option is then the empty text. @defaultValue it has to be there */
  readonly optionalValue?: RegExp;
}
type Options = Readonly<Record<string, OptionManual>>;

/** Name, operands, options and help of a command. */
export interface Manual<TOptions extends Options> {
  readonly name: string;
  /** Operands as the help shows them, such as `[FOLDER]`. */
  readonly operands: string;
  readonly minOperands: number;
  readonly maxOperands: number;
  readonly about: string;
  readonly options: TOptions;
}

/** Operands and options that a command was called with. */
export interface Called<TOptions extends Options> {
  readonly operands: readonly string[];
  readonly options: { readonly [K in keyof TOptions]?: TOptions[K]['type'] extends 'boolean' ? boolean : string };
}

const help: OptionManual = { type: 'boolean', help: 'Show this text.' };

const valueText = ({ value, optionalValue }: OptionManual): string => {
  if (value === undefined) return '';
  return optionalValue ? ` [${value}]` : ` ${value}`;
};

const manualText = ({ name, operands, about, options }: Manual<Options>): string => {
  const rows = Object.entries({ ...options, help }).map(([option, one]) => [
    `  --${option}${valueText(one)}`,
    one.help,
  ]);
  const usage = ['pepeunit', name, operands, '[OPTIONS]'].filter((part) => part !== '').join(' ');
  return [`Usage: ${usage}`, '', about, '', 'Options:', ...columns(rows)].join('\n');
};

/** Writes the value of an option that may have none into one argument, so that what follows is no value of it. */
const withOptionalValues = (args: readonly string[], options: Options): string[] => {
  const joined: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === '--') return [...joined, arg, ...rest];
    const pattern = arg.startsWith('--') ? options[arg.slice(2)]?.optionalValue : undefined;
    const value = pattern?.test(rest[0] ?? '') === true ? rest.shift() : '';
    joined.push(pattern ? `${arg}=${value}` : arg);
  }
  return joined;
};

const parse = (given: string[], options: Options) => {
  const args = withOptionalValues(given, options);
  const kinds = Object.fromEntries(Object.entries({ ...options, help }).map(([name, { type }]) => [name, { type }]));
  try {
    return parseArgs({ args, options: kinds, allowPositionals: true });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${message.split('. ')[0]?.replace(/\.$/, '')}.`, { cause });
  }
};

/** Creates a command: parses its arguments, prints the help for `--help`, else calls `run`. @throws {UsageError} */
export const command =
  <const TOptions extends Options>(manual: Manual<TOptions>, run: (called: Called<TOptions>) => Promise<number>): Run =>
  async (args) => {
    const { values, positionals } = parse(args, manual.options);
    if (values['help'] === true) {
      print(manualText(manual));
      return exitCode.ok;
    }
    if (positionals.length < manual.minOperands || positionals.length > manual.maxOperands) {
      const wanted = manual.operands === '' ? 'no operands' : manual.operands;
      throw new UsageError(`It takes ${wanted}, not ${positionals.length === 0 ? 'nothing' : positionals.join(' ')}.`);
    }
    return run({ operands: positionals, options: values as Called<TOptions>['options'] });
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

import { textOf } from '../../../services/errors.ts';
import { didYouMean } from './suggestion.ts';

/** The valid part of a value, and the faults of the rest. */
export interface Checked {
  /** `undefined` when no part is valid. */
  readonly value: unknown;
  readonly faults: readonly string[];
}

/** Checks the value of an option. @param name Path of the option, for the faults. */
export type Rule = (given: unknown, name: string) => Checked;

type Rules = Readonly<Record<string, Rule>>;

const maxShown = 60;

/** Describes a value by its type alone. */
const kindOf = (given: unknown): string => {
  if (given === null || given === undefined) return String(given);
  if (Array.isArray(given)) return 'a list';
  if (typeof given === 'string') return 'a text';
  return `a${/^[aeiou]/.test(typeof given) ? 'n' : ''} ${typeof given}`;
};

/** Quotes the beginning of a text. */
export const textShown = (text: string): string => JSON.stringify(text.slice(0, maxShown));

const shown = (given: unknown): string => {
  if (typeof given === 'string') return textShown(given);
  return typeof given === 'number' || typeof given === 'boolean' ? textOf(given) : kindOf(given);
};

/** Shows an address without its possible secrets: user name, password and query. */
const addressShown = (given: unknown): string =>
  typeof given === 'string' ? textShown(given.replace(/^.*@/s, '***@').replace(/[?#].*$/s, '?***')) : shown(given);

export const rule =
  (accepted: string, fits: (given: unknown) => boolean, show = shown): Rule =>
  (given, name) =>
    fits(given)
      ? { value: given, faults: [] }
      : { value: undefined, faults: [`${name} is ${show(given)}: it has to be ${accepted}.`] };

const isText = (given: unknown): given is string => typeof given === 'string';
/** Excludes lists, maps and sets, whose contents would be ignored. */
const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && !(Symbol.iterator in given);

export const flag = rule('true or false', (given) => typeof given === 'boolean');
export const callback = rule('a function', (given) => typeof given === 'function');
export const part = rule('an object', (given) => isObject(given) || typeof given === 'function');

/** A text that no fault shows. */
export const secret = (accepted: string, form = /[^]/): Rule =>
  rule(accepted, (given) => isText(given) && form.test(given), kindOf);

export const text = (accepted: string, form: RegExp): Rule =>
  rule(accepted, (given) => isText(given) && form.test(given));

export const address = (accepted: string, schemes: readonly string[]): Rule =>
  rule(
    accepted,
    (given) =>
      isText(given) &&
      URL.canParse(given) &&
      new URL(given).hostname !== '' &&
      schemes.includes(new URL(given).protocol.slice(0, -1)),
    addressShown,
  );

const isJson = (given: unknown): boolean => {
  try {
    return isObject(JSON.parse(JSON.stringify(given)));
  } catch {
    return false;
  }
};

/** An object that JSON can carry, or the address of one. */
export const objectOrAddress = (accepted: string, schemes: readonly string[]): Rule => {
  const isAddress = (given: string | URL) =>
    URL.canParse(given) && schemes.includes(new URL(given).protocol.slice(0, -1));
  return rule(
    accepted,
    (given) => (isText(given) || given instanceof URL ? isAddress(given) : isObject(given) && isJson(given)),
    addressShown,
  );
};

export const oneOf = (...values: readonly (string | number)[]): Rule =>
  rule(values.map((value) => JSON.stringify(value)).join(' or '), (given) => values.includes(given as string));

const isWithin = (given: unknown, from: number, to: number): boolean =>
  typeof given === 'number' && given >= from && given <= to;

export const number = (from: number, to: number): Rule =>
  rule(`a number from ${from} to ${to}`, (given) => isWithin(given, from, to));

export const whole = (from: number, to = Number.MAX_SAFE_INTEGER): Rule =>
  rule(
    `a whole number ${to === Number.MAX_SAFE_INTEGER ? `of at least ${from}` : `from ${from} to ${to}`}`,
    (given) => Number.isInteger(given) && isWithin(given, from, to),
  );

/** Combines checked parts into one value; leaves out the invalid ones, and those that are there as `undefined`. */
const combine = (
  given: Readonly<Record<string, unknown>>,
  parts: readonly (readonly [key: string, checked: Checked])[],
): Checked => {
  const faults = parts.flatMap(([, checked]) => checked.faults);
  const isAsGiven =
    parts.every(([key, { value }]) => value === given[key]) && !Object.values(given).includes(undefined);
  if (faults.length === 0 && isAsGiven) return { value: given, faults };
  const usable = parts.filter(([, { value }]) => value !== undefined);
  return { value: Object.fromEntries(usable.map(([key, { value }]) => [key, value])), faults };
};

const noList = rule('a list', () => false);
const noFullList = rule('a list that is not empty', () => false);
const noObject = rule('an object', () => false);

/** Faults of a list that are told. */
const maxItemFaults = 5;

/** A list; one invalid item makes the whole list invalid, and a hole is one. */
export const list =
  (item: Rule, minItems = 0): Rule =>
  (given, name) => {
    if (!Array.isArray(given) || given.length < minItems) return (minItems > 0 ? noFullList : noList)(given, name);
    const faults: string[] = [];
    for (let at = 0; at < given.length && faults.length < maxItemFaults; at += 1) {
      faults.push(...item(given[at], `${name}[${at}]`).faults);
    }
    return { value: faults.length === 0 ? given : undefined, faults };
  };

/** One value, or a list of at least one. */
export const some =
  (item: Rule): Rule =>
  (given, name) =>
    (Array.isArray(given) ? list(item, 1) : item)(given, name);

/** An object with any keys; an invalid entry is left out, and one that is there as `undefined`. */
export const record =
  (item: Rule): Rule =>
  (given, name) => {
    if (!isObject(given)) return noObject(given, name);
    const there = Object.entries(given).filter(([, one]) => one !== undefined);
    const parts = there.map(([key, one]): [string, Checked] => {
      const { value, faults } = item(one, `${name}[${textShown(key)}]`);
      return [key, { value: faults.length === 0 ? value : undefined, faults }];
    });
    return combine(given, parts);
  };

/** An object with these optional and required keys; other keys are ignored. */
export const shape =
  (optional: Rules, required: Rules = {}): Rule =>
  (given, name) => {
    if (!isObject(given)) return noObject(given, name === '' ? 'options' : name);
    const path = name === '' ? '' : `${name}.`;
    const parts = Object.entries({ ...optional, ...required })
      .filter(([key]) => given[key] !== undefined || Object.hasOwn(required, key))
      .map(([key, check]): [string, Checked] => [key, check(given[key], path + key)]);
    return combine(given, parts);
  };

/** An object with these optional and required keys, and no other. */
export const fields = (optional: Rules, required: Rules = {}): Rule => {
  const check = shape(optional, required);
  const known = Object.keys({ ...optional, ...required });
  return (given, name) => {
    const { value, faults } = check(given, name);
    if (!isObject(given)) return { value, faults };
    const others = Object.keys(given).filter((key) => given[key] !== undefined && !known.includes(key));
    const path = name === '' ? '' : `${name}.`;
    const unknown = others.map((key) => `${path}${key.slice(0, maxShown)} is no option. ${didYouMean(key, known)}`);
    return { value, faults: [...faults, ...unknown] };
  };
};

/** Applies one rule to an object, and the other to any other value. */
export const orObject =
  (other: Rule, object: Rule): Rule =>
  (given, name) =>
    (isObject(given) ? object : other)(given, name);

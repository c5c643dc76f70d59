import { textOf } from '../../../services/errors.ts';

/** A value as far as it can be used, and what is wrong with the rest of it. */
export interface Checked {
  /** `undefined` where nothing of it can be used. */
  readonly value: unknown;
  readonly faults: readonly string[];
}

/** Says what an option may be. */
export type Rule = (given: unknown, name: string) => Checked;

type Rules = Readonly<Record<string, Rule>>;

const maxShown = 60;

/** The kind of a value, for those that are not to be shown. */
const kindOf = (given: unknown): string => {
  if (given === null || given === undefined) return String(given);
  if (Array.isArray(given)) return 'a list';
  if (typeof given === 'string') return 'a text';
  return `a${/^[aeiou]/.test(typeof given) ? 'n' : ''} ${typeof given}`;
};

const textShown = (text: string): string => JSON.stringify(text.slice(0, maxShown));

const shown = (given: unknown): string => {
  if (typeof given === 'string') return textShown(given);
  return typeof given === 'number' || typeof given === 'boolean' ? textOf(given) : kindOf(given);
};

/** An address without what may be secret: the user's name and password, and the query. */
const addressShown = (given: unknown): string =>
  typeof given === 'string' ? textShown(given.replace(/^.*@/s, '***@').replace(/[?#].*$/s, '?***')) : shown(given);

export const rule =
  (accepted: string, fits: (given: unknown) => boolean, show = shown): Rule =>
  (given, name) =>
    fits(given)
      ? { value: given, faults: [] }
      : { value: undefined, faults: [`${name} is ${show(given)}: it has to be ${accepted}.`] };

const isText = (given: unknown): given is string => typeof given === 'string';
/** Named things: no list, and no map or set, whose content would be passed over. */
const isObject = (given: unknown): given is Readonly<Record<string, unknown>> =>
  typeof given === 'object' && given !== null && !(Symbol.iterator in given);

export const flag = rule('true or false', (given) => typeof given === 'boolean');
export const callback = rule('a function', (given) => typeof given === 'function');
export const part = rule('an object', (given) => isObject(given) || typeof given === 'function');

/** A text that is told of without being shown. */
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

/** The parts of a value, checked each by itself; what is faulty is left out. */
const together = (given: unknown, parts: readonly (readonly [key: string, checked: Checked])[]): Checked => {
  const faults = parts.flatMap(([, checked]) => checked.faults);
  if (faults.length === 0) return { value: given, faults };
  const usable = parts.filter(([, { value }]) => value !== undefined);
  return { value: Object.fromEntries(usable.map(([key, { value }]) => [key, value])), faults };
};

const noList = rule('a list', () => false);
const noFullList = rule('a list that is not empty', () => false);
const noObject = rule('an object', () => false);

/** A list, of which nothing is used where one item is faulty. */
export const list =
  (item: Rule, least = 0): Rule =>
  (given, name) => {
    if (!Array.isArray(given) || given.length < least) return (least > 0 ? noFullList : noList)(given, name);
    const faults = given.flatMap((one, index) => item(one, `${name}[${index}]`).faults);
    return { value: faults.length === 0 ? given : undefined, faults };
  };

/** One or a list of them. */
export const some =
  (item: Rule): Rule =>
  (given, name) =>
    (Array.isArray(given) ? list(item, 1) : item)(given, name);

/** An object with any names; an entry is used whole or not at all. */
export const record =
  (item: Rule): Rule =>
  (given, name) => {
    if (!isObject(given)) return noObject(given, name);
    const parts = Object.entries(given).map(([key, one]): [string, Checked] => {
      const { value, faults } = item(one, `${name}[${textShown(key)}]`);
      return [key, { value: faults.length === 0 ? value : undefined, faults }];
    });
    return together(given, parts);
  };

/** An object with these names, of which some have to be there; others are passed over. */
export const fields =
  (optional: Rules, needed: Rules = {}): Rule =>
  (given, name) => {
    if (!isObject(given)) return noObject(given, name === '' ? 'options' : name);
    const path = name === '' ? '' : `${name}.`;
    const parts = Object.entries({ ...optional, ...needed })
      .filter(([key]) => given[key] !== undefined || Object.hasOwn(needed, key))
      .map(([key, check]): [string, Checked] => [key, check(given[key], path + key)]);
    return together(given, parts);
  };

/** An object by the one rule, anything else by the other. */
export const orObject =
  (other: Rule, object: Rule): Rule =>
  (given, name) =>
    (isObject(given) ? object : other)(given, name);

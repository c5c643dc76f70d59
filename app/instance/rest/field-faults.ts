import type { JsonValue } from '../../../services/json.ts';

/** One entry of the list in a 422 answer: a value of the request that can't be read. */
export interface FieldFault {
  readonly type: string;
  /** Where it is: `path`, `query` or `body`, then names and indexes. */
  readonly loc: readonly (string | number)[];
  readonly msg: string;
  /** The value as given; null where it is missing. */
  readonly input: JsonValue;
  readonly ctx?: { readonly error?: string; readonly expected?: string };
}

/** A request with a value that can't be read; answered as the platform's framework does. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
  readonly fault: FieldFault;
  constructor(fault: FieldFault) {
    super(fault.msg);
    this.fault = fault;
  }
}

type Place = FieldFault['loc'];

export const missing = (loc: Place, input: JsonValue): FieldError =>
  new FieldError({ type: 'missing', loc, msg: 'Field required', input });

export const notText = (loc: Place, input: JsonValue): FieldError =>
  new FieldError({ type: 'string_type', loc, msg: 'Input should be a valid string', input });

export const notInteger = (loc: Place, input: string): FieldError =>
  new FieldError({
    type: 'int_parsing',
    loc,
    msg: 'Input should be a valid integer, unable to parse string as an integer',
    input,
  });

export const notBoolean = (loc: Place, input: JsonValue): FieldError =>
  new FieldError({
    type: 'bool_parsing',
    loc,
    msg: 'Input should be a valid boolean, unable to interpret input',
    input,
  });

/** Lists names as the framework does: `'a', 'b' or 'c'`. */
const alternatives = (names: readonly string[]): string => {
  const quoted = names.map((name) => `'${name}'`);
  return [quoted.slice(0, -1).join(', '), ...quoted.slice(-1)].filter((part) => part !== '').join(' or ');
};

export const notOneOf = (loc: Place, input: JsonValue, names: readonly string[]): FieldError => {
  const expected = alternatives(names);
  return new FieldError({ type: 'enum', loc, msg: `Input should be ${expected}`, input, ctx: { expected } });
};

/** What is wrong with a text that should be a UUID. */
const uuidFault = (text: string): string => {
  const found = /[^0-9a-f-]/iu.exec(text);
  if (!found) return `invalid length: expected length 32 for simple format, found ${text.replaceAll('-', '').length}`;
  return `invalid character: expected an optional prefix of \`urn:uuid:\` followed by [0-9a-fA-F-], found \`${found[0]}\` at ${found.index + 1}`;
};

export const notUuid = (loc: Place, input: JsonValue): FieldError => {
  if (typeof input !== 'string') {
    return new FieldError({
      type: 'uuid_type',
      loc,
      msg: 'UUID input should be a string, bytes or UUID object',
      input,
    });
  }
  const error = uuidFault(input);
  return new FieldError({
    type: 'uuid_parsing',
    loc,
    msg: `Input should be a valid UUID, ${error}`,
    input,
    ctx: { error },
  });
};

/** @param at Index of the character at which the parser stopped. */
export const notJson = (at: number): FieldError =>
  new FieldError({
    type: 'json_invalid',
    loc: ['body', at],
    msg: 'JSON decode error',
    input: {},
    ctx: { error: 'Expecting property name enclosed in double quotes' },
  });

export const notObject = (loc: Place, input: JsonValue): FieldError =>
  new FieldError({
    type: 'model_attributes_type',
    loc,
    msg: 'Input should be a valid dictionary or object to extract fields from',
    input,
  });

import { isJsonObject } from '../../../services/json.ts';
import { foreignJson } from '../foreign-json.ts';
import { wireVersion, type Answer, type RunAbout, type WireLine } from '../wire.ts';

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
/** Longest time of a run, and latest beginning, in milliseconds: what is later is no time that can be shown. */
const maxTime = 4e12;
const isTime = (value: unknown): value is number => isNumber(value) && Math.abs(value) <= maxTime;
const isFigures = (value: unknown): boolean => isJsonObject(value) && Object.values(value).every(isNumber);
const isCount = (value: unknown): boolean => isNumber(value) && Number.isInteger(value) && value >= 0;
const isIndex = (value: unknown): boolean => value === -1 || isCount(value);
const isObject = (value: unknown): boolean => isJsonObject(value);
const isDue = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => Array.isArray(one) && isText(one[0]) && isTime(one[1]));
const isStateValue = (value: unknown): boolean =>
  isText(value) || (isJsonObject(value) && Object.values(value).every(isStateValue));
const isStatus = (value: unknown): boolean => ['active', 'done', 'error', 'stopped'].includes(value as string);
const or0 =
  (is: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === 0 || is(value);
const optional =
  (is: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || is(value);

const isRun = (value: unknown): value is RunAbout =>
  isJsonObject(value) &&
  value['v'] === wireVersion &&
  isTime(value['startedAt']) &&
  isText(value['unit']) &&
  isText(value['name']);

const isEvent = (value: unknown): boolean => isText(value) || (isJsonObject(value) && isText(value['type']));
const isTexts = (value: unknown): boolean => isJsonObject(value) && Object.values(value).every(isText);
const isEdges = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isPayload = (value: unknown): boolean => isText(value) || (isJsonObject(value) && isText(value['base64']));
const isDirection = (value: unknown): boolean => value === 'in' || value === 'out';
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';

const isStanding = (value: unknown): boolean => Array.isArray(value) && matches(value, standing);
const standing = [isCount, isText, isIndex, isText, isStateValue, isObject, isStatus, isDue];

/** What follows the kind in a line of each kind. */
const shapes: Readonly<Record<string, readonly ((value: unknown) => boolean)[]>> = {
  '#': [isText, isCount, isCount],
  run: [isRun],
  chart: [isText, isText, isObject],
  actor: [isTime, isCount, isText, isIndex, isText],
  s: [isTime, isCount, isIndex, isEvent, or0(isStateValue), or0(isObject), optional(or0(isEdges)), optional(isStatus)],
  timers: [isTime, isCount, isDue],
  sampled: [isTime, isCount, isCount],
  k: [isTime, (value) => Array.isArray(value) && value.every(isStanding), isFigures],
  m: [isTime, isCount, isDirection, isText, isCount, isPayload, isCount, isBoolean, isText],
  mf: [isTime, isCount, isText, optional(isText)],
  l: [isTime, isText, isText],
  f: [isTime, isFigures],
  env: [isTime, isObject],
  topics: [isTime, isTexts],
  mark: [isTime, isText, isText],
  end: [isTime, isText],
};

const matches = (values: readonly unknown[], checks: readonly ((value: unknown) => boolean)[]): boolean =>
  checks.every((check, index) => check(values[index]));

/** Reads one line; `undefined` for one that is damaged, nested too deep or of an unknown kind. */
export const lineIn = (text: string): WireLine | undefined => {
  const line = foreignJson(text);
  if (!Array.isArray(line)) return undefined;
  const [kind, ...values] = line;
  const shape = typeof kind === 'string' && Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
  return shape && matches(values, shape) ? (line as unknown as WireLine) : undefined;
};

/** Reads the answer to a request; `undefined` for what is none. */
export const answerIn = (text: string): Answer | undefined => {
  const line = foreignJson(text);
  if (!Array.isArray(line) || line[0] !== 'did' || !isCount(line[1])) return undefined;
  return line[2] === null || isText(line[2]) ? ['did', line[1] as number, line[2]] : undefined;
};

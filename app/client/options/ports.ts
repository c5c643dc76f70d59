import type { Adapters } from '../../platform.ts';
import { fields, rule, type Rule } from './rules.ts';

type MethodsOf<T> = { [K in keyof T]-?: T[K] extends (...args: never[]) => unknown ? K : never }[keyof T];

/** Adapters that are objects. */
type Port = Exclude<keyof Adapters, 'extract' | 'random'>;

/** Methods without which an adapter can't do the work of its port. */
const methods: { readonly [K in Port]: readonly MethodsOf<NonNullable<Adapters[K]>>[] } = {
  wifi: ['status', 'scan', 'join', 'leave', 'watch'],
  clock: ['now', 'monotonic', 'setTimeout', 'clearTimeout'],
  clockSource: ['readOffset'],
  broker: ['open'],
  brokerProbe: ['isThere'],
  keptEnv: ['read', 'write', 'remove'],
  givenRecord: ['read', 'write'],
  lastLink: ['read', 'keep'],
  http: [
    'getEnv',
    'getSchema',
    'getFirmware',
    'getFile',
    'getTargetVersion',
    'setStateStorage',
    'getStateStorage',
    'getInputByOutput',
    'getUnitsByNodes',
  ],
  storage: ['readJson', 'writeJson', 'readLines', 'writeLines', 'appendLines', 'writeBytes', 'exists', 'remove'],
  firmware: [
    'recover',
    'status',
    'countStart',
    'noteWait',
    'endWait',
    'noteFailure',
    'confirm',
    'rollBack',
    'forgetOutcome',
    'stage',
    'readJson',
    'swap',
    'checkProgram',
    'replaceEnv',
    'discard',
  ],
  programs: ['fetch'],
  packages: ['ensure'],
  trust: ['check'],
  outbox: ['open', 'append', 'remove', 'deadLetter', 'close'],
  system: ['measure'],
  process: ['watchSupervisor', 'restart'],
  resetRecord: ['keep', 'take'],
  cipher: ['aesGcmEncode', 'aesGcmDecode'],
  console: ['write', 'flush'],
  folders: ['exists', 'readFile', 'copyFile', 'copyFolder', 'createFolder', 'removeFolder', 'pack'],
};

const object = rule('an object', (given) => typeof given === 'object' && given !== null);
const callback = rule('a function', (given) => typeof given === 'function');

/** An adapter with all the methods of its port. */
const adapter =
  (needed: readonly string[]): Rule =>
  (given, name) => {
    const checked = object(given, name);
    if (checked.faults.length > 0) return checked;
    const lacking = needed.filter((method) => typeof (given as Record<string, unknown>)[method] !== 'function');
    if (lacking.length === 0) return checked;
    return {
      value: undefined,
      faults: [`${name} lacks ${lacking.join(', ')}: an adapter has each method of its port.`],
    };
  };

const ports = Object.entries(methods).map(([name, needed]): [string, Rule] => [name, adapter(needed)]);

const known = fields({ ...Object.fromEntries(ports), extract: callback, random: callback });

/** The adapters of an app: each with all that its port asks for. One that is `undefined` would take the place of the platform's. */
export const adapters: Rule = (given, name) => {
  const { value, faults } = known(given, name);
  if (typeof given !== 'object' || given === null) return { value, faults };
  const entries = Object.entries(given as Record<string, unknown>);
  const empty = entries
    .filter(([, one]) => one === undefined)
    .map(([key]) => `${name}.${key} is undefined: it has to be an object.`);
  const usable = Object.fromEntries(
    Object.entries((value ?? {}) as Record<string, unknown>).filter(([, one]) => one !== undefined),
  );
  return { value: empty.length === 0 ? value : usable, faults: [...faults, ...empty] };
};

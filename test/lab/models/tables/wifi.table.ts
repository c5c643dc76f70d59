import { wifiMachine } from '../../../../machines/wifi.ts';
import type { Failure } from '../../../../services/errors.ts';
import { defineTable, not, rowsOf, tooLong, unexpectedFailure, type Consequence, type ContextOf } from './table.ts';

type Context = ContextOf<typeof wifiMachine>;
type Status = { linked?: boolean; ssid?: string; isUnmanaged?: boolean };

const row = rowsOf<typeof wifiMachine>();

const home = { ssid: 'home', maxReconnectionMs: 8_000, revision: 1 };
const down = { type: 'wifi.down' };
const named = ({ ssid }: Context) => [{ type: 'wifi.up', ssid }];
const nameless = [{ type: 'wifi.up' }];

const isUp = ({ isUp: up }: Context) => up;
/** Whether it was told that exactly this network is up. */
const isKnown = ({ isUp: up, upSsid, ssid }: Context) => up && upSsid === ssid;
const isNamelessKnown = ({ isUp: up, upSsid }: Context) => up && upSsid === undefined;
const isSameGoal = (context: Context, { ssid, maxReconnectionMs, revision }: Partial<Context>) =>
  context.ssid === ssid && context.maxReconnectionMs === maxReconnectionMs && context.revision === revision;
const isOurs = ({ ssid, revision, linkedRevision }: Context, status: Status) => {
  if (status.linked !== true) return false;
  if (status.ssid === undefined) return linkedRevision === revision;
  return status.ssid === ssid && [undefined, revision].includes(linkedRevision);
};

const isLost = (hasLasted: boolean) => (context: Context, status: Status) =>
  !isOurs(context, status) && (context.attempts === 0) === hasLasted;

const newGoal = (_: Context, { ssid = '', maxReconnectionMs = 0, revision = 0 }: Partial<Context>) => ({
  ssid,
  maxReconnectionMs,
  revision,
  attempts: 0,
});
const begun = { to: 'checking', context: newGoal };
const gone = { to: 'idle', told: [down], context: { isUp: false } };
const assumed = { to: 'unmanaged', told: nameless, context: { isUp: true, upSsid: undefined } };
const linkedContext = ({ ssid, revision, attempts }: Context) => ({
  linkedRevision: revision,
  attempts: attempts + 1,
  failure: undefined,
  isUp: true,
  upSsid: ssid,
});
const linked = { to: 'linked.watched', told: named, context: linkedContext };

type Fault = Failure | ((context: Context) => Failure);
const failureOf = (fault: Fault, context: Context) => (typeof fault === 'function' ? fault(context) : fault);
const isRepeated = (fault: Fault) => (context: Context) =>
  context.failure?.message === failureOf(fault, context).message;

/** Both sides of a failure: the first of its kind, or one more. */
const failed = (fault: Fault): Consequence<Context>[] =>
  [true, false].map((isOneMore) => ({
    when: (context) => isRepeated(fault)(context) === isOneMore,
    to: 'backingOff',
    told: ({ failure }) => [{ type: 'wifi.failed', failure, isRepeated: isOneMore }],
    context: (context) => ({ failure: failureOf(fault, context), attempts: context.attempts + 1 }),
  }));

/** All sides of a failure where the last link may be up. */
const failedWhileUp = (fault: Fault): Consequence<Context>[] =>
  failed(fault).flatMap(({ when, told, context, ...rest }) => {
    const is = when as (context: Context) => boolean;
    const tell = told as (context: Context) => { type: string }[];
    const change = context as (context: Context) => Partial<Context>;
    return [
      { ...rest, when: (before: Context) => is(before) && !before.isUp, told: tell, context: change },
      {
        ...rest,
        when: (before: Context) => is(before) && before.isUp,
        told: (after: Context) => [...tell(after), down],
        context: (before: Context) => ({ ...change(before), isUp: false }),
      },
    ];
  });

const unsupported: Failure = { name: 'WifiError', code: 'unsupported', message: 'the driver tells nothing' };

type Unwatchable = { failure?: Failure };
const reasonOf = ({ failure = unexpectedFailure }: Unwatchable): string => failure.message;
const isTold = ({ unwatchableBy }: Context, event: Unwatchable) => unwatchableBy === reasonOf(event);

/** The link can not be watched: told once for each reason. */
const unwatchable: Consequence<Context>[] = [
  {
    when: not(isTold),
    to: 'linked.unwatched',
    told: (_, { failure = unexpectedFailure }: Unwatchable) => [{ type: 'wifi.unwatchable', failure }],
    context: (_, event: Unwatchable) => ({ unwatchableBy: reasonOf(event) }),
  },
  { when: isTold, to: 'linked.unwatched' },
];

const outOfReach = ({ ssid }: Context): Failure => ({
  name: 'WifiError',
  code: 'notFound',
  message: `The WiFi network "${ssid}" is not in reach. Check PUC_WIFI_SSID and the distance to the access point.`,
});

const isUnmanaged = (_: Context, { output }: { output?: Status }) => output?.isUnmanaged === true;
const isManagedAnd =
  (is: (context: Context, status: Status) => boolean) =>
  (context: Context, { output = {} }: { output?: Status }) =>
    output.isUnmanaged !== true && is(context, output);

const isAsGood = (isToldOf: boolean, isUpAlready: boolean) => (context: Context, event: { output?: Status }) =>
  isUnmanaged(context, event) && context.isUnmanagedTold === isToldOf && isNamelessKnown(context) === isUpAlready;

const ofUnwatchable = /^link\.unwatchable|^watchLink|recheckAfter/;
/** What a link to the network `home` takes, and what ends it. */
const ofLinked =
  /^wifi\.(assume|disconnect)|^wifi\.connect .*home.*8000.*:1}|^readStatus done .*true,"ssid":"home"|^link\.|stableAfter/;

export const wifiTable = defineTable(wifiMachine, {
  states: {
    idle: {},
    unmanaged: { tags: ['ready'] },
    checking: { tags: ['busy'], runs: { readStatus: undefined }, after: { checkWithin: 10_000 } },
    scanning: { tags: ['busy'], runs: { scan: ({ ssid }) => ({ ssid }) }, after: { scanWithin: 20_000 } },
    joining: { tags: ['busy'], runs: { join: ({ ssid }) => ({ ssid }) }, after: { joinWithin: 10_000 } },
    linked: { tags: ['ready'], runs: { watchLink: () => ({ owner: { id: 'wifi' } }) }, after: { stableAfter: 20_000 } },
    'linked.watched': {},
    'linked.unwatched': { after: { recheckAfter: 30_000 } },
    backingOff: {
      tags: ['faulty'],
      after: {
        retryAfter: ({ attempts, maxReconnectionMs }) =>
          Math.min([5_000, 10_000, 20_000, 40_000][attempts - 1] ?? Infinity, maxReconnectionMs),
      },
    },
  },
  start: {
    states: ['idle'],
    context: { ssid: '', maxReconnectionMs: 60_000, revision: 0, isUp: false, isUnmanagedTold: false, attempts: 0 },
  },
  events: [
    { type: 'wifi.assume' },
    { type: 'wifi.connect', ...home },
    { type: 'wifi.connect', ...home, maxReconnectionMs: 60_000 },
    { type: 'wifi.connect', ...home, revision: 2 },
    { type: 'wifi.connect', ...home, ssid: 'work' },
    { type: 'wifi.disconnect' },
  ],
  outputs: {
    readStatus: [
      { linked: false },
      { linked: true, ssid: 'home' },
      { linked: true, ssid: 'other' },
      { linked: true },
      { linked: true, isUnmanaged: true },
    ],
    scan: [true, false],
  },
  says: {
    watchLink: [
      { type: 'link.changed', linked: false, ssid: 'home' },
      { type: 'link.changed', linked: true, ssid: 'home' },
      { type: 'link.changed', linked: true, ssid: 'other' },
      { type: 'link.changed', linked: true },
      { type: 'link.unwatchable', failure: unexpectedFailure },
      { type: 'link.unwatchable', failure: unsupported },
    ],
  },
  rows: [
    row('idle scanning joining linked backingOff', 'wifi.assume', assumed),
    row('unmanaged', 'wifi.assume', { to: 'unmanaged' }),
    row(
      'checking',
      'wifi.assume',
      { ...assumed, when: not(isNamelessKnown) },
      { when: isNamelessKnown, to: 'unmanaged' },
    ),
    row('idle unmanaged linked backingOff', 'wifi.connect', begun),
    row('checking scanning joining', 'wifi.connect', { when: isSameGoal }, { ...begun, when: not(isSameGoal) }),
    row('idle scanning joining backingOff', 'wifi.disconnect', { to: 'idle' }),
    row('unmanaged linked', 'wifi.disconnect', gone),
    row('checking', 'wifi.disconnect', { ...gone, when: isUp }, { when: not(isUp), to: 'idle' }),

    row(
      'checking',
      'readStatus done',
      {
        when: isAsGood(false, false),
        to: 'unmanaged',
        told: [{ type: 'wifi.unmanaged' }, ...nameless],
        context: { isUnmanagedTold: true, isUp: true, upSsid: undefined },
      },
      {
        when: isAsGood(false, true),
        to: 'unmanaged',
        told: [{ type: 'wifi.unmanaged' }],
        context: { isUnmanagedTold: true },
      },
      { ...assumed, when: isAsGood(true, false) },
      { when: isAsGood(true, true), to: 'unmanaged' },
      { ...linked, when: isManagedAnd((context, status) => isOurs(context, status) && !isKnown(context)) },
      { ...linked, when: isManagedAnd((context, status) => isOurs(context, status) && isKnown(context)), told: [] },
      {
        when: isManagedAnd((context, status) => !isOurs(context, status) && context.isUp),
        to: 'scanning',
        told: [down],
        context: { isUp: false },
      },
      { when: isManagedAnd((context, status) => !isOurs(context, status) && !context.isUp), to: 'scanning' },
    ),
    row('checking', 'readStatus fails', ...failedWhileUp(unexpectedFailure)),
    row('checking', 'after checkWithin', ...failedWhileUp(tooLong('Reading the state of the WiFi station'))),

    row(
      'scanning',
      'scan done',
      { when: (_, { output }: { output?: boolean }) => output === true, to: 'joining' },
      ...failed(outOfReach).map(({ when, ...rest }) => ({
        ...rest,
        when: (context: Context, event: { output?: unknown }) =>
          event.output === false && (when as (context: Context) => boolean)(context),
      })),
    ),
    row('scanning', 'scan fails', ...failed(unexpectedFailure)),
    row('scanning', 'after scanWithin', ...failed(tooLong('Scanning for WiFi networks'))),

    row('joining', 'join done', linked),
    row('joining', 'join fails', ...failed(unexpectedFailure)),
    row('joining', 'after joinWithin', ...failed(tooLong('Joining the WiFi network'))),

    row(
      'linked',
      'link.changed',
      { when: isOurs },
      { when: isLost(true), to: 'checking', told: [down], context: { isUp: false } },
      { when: isLost(false), to: 'backingOff', told: [down], context: { isUp: false } },
    ),
    row('linked', 'link.unwatchable', ...unwatchable),
    row('linked', 'watchLink fails', ...unwatchable),
    row('linked', 'after stableAfter', { context: { attempts: 0 } }),
    row('linked.unwatched', 'after recheckAfter', { to: 'checking' }),

    row('backingOff', 'after retryAfter', { to: 'checking' }),
  ],
  walks: [
    {
      uses: (label) => !ofUnwatchable.test(label),
      key: (context) => [
        context.ssid,
        context.linkedRevision === undefined || context.linkedRevision === context.revision,
        isUp(context) && [isNamelessKnown(context), isKnown(context), context.attempts === 0],
        context.isUnmanagedTold,
        context.failure?.message,
      ],
    },
    {
      uses: (label) => ofUnwatchable.test(label) || ofLinked.test(label),
      key: (context) => [isUp(context), context.attempts === 0, context.unwatchableBy],
    },
  ],
});

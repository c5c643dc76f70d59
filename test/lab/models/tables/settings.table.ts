import { settingsMachine } from '../../../../machines/settings.ts';
import type { Failure } from '../../../../services/errors.ts';
import type { UnitSettings } from '../../../../services/settings.ts';
import { triedAgain } from './delays.ts';
import { both, failsWith, hasFailedBefore, isPursued, pursued, requestFaults, waitMs } from './requests.ts';
import { loads, refreshes, restored, settingsWalks } from './settings-walks.ts';
import { defineTable, not, rowsOf, tooLong, unexpectedFailure, type Consequence, type ContextOf } from './table.ts';

type Context = ContextOf<typeof settingsMachine>;
type Adopted = { output: UnitSettings };

const row = rowsOf<typeof settingsMachine>();

/** Paths of states that lie in the same one. */
const inside =
  (outer: string) =>
  (states: string): string =>
    states
      .split(' ')
      .map((state) => `${outer}.${state}`)
      .join(' ');
const document = inside('document');
const trial = inside('trial');
const way = inside('trial.trying.way');
const time = inside('trial.trying.time');

const isPending =
  (what: string) =>
  ({ pending }: Context): boolean =>
    pending === what;
const nothingPending = ({ pending }: Context) => pending === undefined;
const hasSettings = ({ settings }: Context) => settings !== undefined;
const goesOn = (context: Context) => hasSettings(context) && isPursued(context);

const begins = (what: 'loading' | 'refreshing') => ({ to: document(what), context: { pending: undefined } });
const pursuit = ({ pending, retry }: Context) => (pending === 'refresh' ? retry : undefined);

/** How the new settings and the link that was heard of go together. */
interface LinkSide {
  readonly when: (context: Context, event: Adopted) => boolean;
  readonly link: (context: Context) => Partial<Context>;
}
/** A link that is open before is that of the first settings; what is heard without one says nothing. */
const first: LinkSide = {
  when: ({ settings }) => settings === undefined,
  link: ({ hasLink, isDenied }) => ({ isDenied: hasLink && isDenied }),
};
const sameLink: LinkSide = {
  when: ({ settings }, { output }) => settings?.linkRevision === output.linkRevision,
  link: () => ({}),
};
/** What was heard is of the link before, which is over. */
const otherLink: LinkSide = {
  when: ({ settings }, { output }) => settings !== undefined && settings.linkRevision !== output.linkRevision,
  link: () => ({ hasLink: false, isDenied: false }),
};

/** Settings come into force, with the names of those given up for them or without. */
const adopted = (
  { when, link }: LinkSide,
  isGivenUp: boolean,
  { context: change, ...consequence }: { to: string; context?: (context: Context) => Partial<Context> },
): Consequence<Context> => ({
  ...consequence,
  when: (context, event: Adopted) => when(context, event) && (event.output.givenUp !== undefined) === isGivenUp,
  told: ({ settings }, { output: { givenUp: names } }: Adopted) => [
    ...(isGivenUp ? [{ type: 'settings.restored', names }] : []),
    { type: 'settings.loaded', settings },
  ],
  context: (context, { output: { givenUp: _, ...settings } }: Adopted) => ({
    settings,
    failure: undefined,
    ...link(context),
    ...change?.(context),
  }),
});

const failed = (failure: Failure, during: 'load' | 'refresh' | 'restore') => [
  { type: 'settings.failed', failure, during },
];
const loadFailed = (failure: Failure): Consequence<Context> => ({
  to: document('faulty'),
  told: failed(failure, 'load'),
  context: { failure },
});
const refreshFailed = (failure: Failure): Consequence<Context> => ({
  to: document('faulty'),
  told: failed(failure, 'refresh'),
  context: (context) => ({ failure, retry: pursuit(context) }),
});
const postponed = (failure: Failure, wait?: Parameters<typeof triedAgain>[1]): Consequence<Context> => ({
  to: document('waiting'),
  told: ({ retry }) => [{ type: 'settings.postponed', failure, attempts: retry?.attempts }],
  context: ({ retry }) => ({ failure, retry: triedAgain(retry ?? pursued, wait) }),
});
const pendingFirst = (otherwise: Consequence<Context>[] = []) => [
  { ...begins('refreshing'), when: isPending('refresh') },
  { ...begins('loading'), when: isPending('load') },
  ...otherwise,
];
const noAnswer = tooLong('Refreshing env.json');

type Guard = (context: Context) => boolean;
const all =
  (...guards: readonly Guard[]): Guard =>
  (context) =>
    guards.every((guard) => guard(context));

const isOnTrial: Guard = ({ settings }) => settings?.trial !== undefined;
/** The env in force is the one that is or was tried last. */
const isTheOneTried: Guard = ({ settings, tried }) => settings?.trial?.revision === tried;
const isAnotherTried: Guard = all(isOnTrial, not(isTheOneTried));
/** All that can be asked for without the instance is there: a link with granted topics, if the broker is a new one. */
const isBrokerProven: Guard = ({ settings, hasLink, isDenied }) =>
  settings?.trial?.isBrokerNew === false || (hasLink && !isDenied);
const isInstanceNew: Guard = ({ settings }) => settings?.trial?.isInstanceNew === true;
/** There can be no link, as the app wants none, and one is needed. */
const isKept: Guard = all(({ isWanted }) => !isWanted, not(isBrokerProven));

const trying = `${way('connecting')} ${time('running')}`;
const nextPart = ({ spent }: Context) => ({ spent: spent + 1 });
/** The first part of a trial of another env, which an earlier start of the program may have begun. */
const firstPart = ({ settings }: Context) => ({
  tried: settings?.trial?.revision ?? 0,
  spent: (settings?.trial?.spent ?? 0) + 1,
});
const confirming = {
  to: trial('confirming'),
  context: ({ settings: { trial: _, ...confirmed } = {} as UnitSettings }: Context) => ({ settings: confirmed }),
};
/** The env before can't be put back: the trial goes on, and is judged again later. */
const notRestored = (failure: Failure): Consequence<Context> => ({
  to: `${way('connecting')} ${time('acquitted')}`,
  told: failed(failure, 'restore'),
  context: { failure },
});
const acquitted = { to: time('acquitted') };
const paused = { when: isKept, to: time('paused') };
/** Lost where the one before is there, and the new one is not. */
const isLost = (_: unknown, { output }: { output: boolean }) => output;
/** A broker that is open or has denied the unit is there. */
const isBrokerSilent: Guard = ({ hasLink, isDenied }) => !hasLink && !isDenied;

const partMs = 30_000;
const trialMs = 120_000;

export const settingsTable = defineTable(settingsMachine, {
  states: {
    document: {},
    'document.idle': {},
    'document.loading': { tags: ['busy'], runs: { load: undefined }, after: { giveUpAfter: 60_000 } },
    'document.refreshing': { tags: ['busy'], runs: { refresh: undefined }, after: { giveUpAfter: 60_000 } },
    'document.waiting': { tags: ['ready'], after: { retryAfter: waitMs } },
    'document.ready': { tags: ['ready'] },
    'document.faulty': { tags: ['faulty'] },
    trial: {},
    'trial.settled': {},
    'trial.trying': {},
    'trial.trying.way': {},
    'trial.trying.way.connecting': {},
    'trial.trying.way.asking': { runs: { askInstance: undefined }, after: { giveUpAfter: 60_000 } },
    'trial.trying.way.unanswered': { after: { askAgainAfter: partMs } },
    'trial.trying.time': {},
    'trial.trying.time.running': {
      runs: { charge: ({ tried: revision, spent }) => ({ revision, spent }) },
      // The start that comes when all four are charged waits one more; each later one half as long as the one before.
      after: { partAfter: ({ spent }) => (spent <= 5 ? partMs : partMs / 2 ** (spent - 5)) },
    },
    'trial.trying.time.judging': {},
    'trial.trying.time.askingBroker': { runs: { askBroker: undefined }, after: { giveUpAfter: 60_000 } },
    'trial.trying.time.comparing': {
      runs: { compareInstances: ({ tried: revision }) => ({ revision }) },
      after: { giveUpAfter: 60_000 },
    },
    'trial.trying.time.acquitted': { after: { judgeAgainAfter: trialMs } },
    'trial.trying.time.paused': {},
    'trial.restoring': {
      tags: ['busy'],
      runs: { restore: ({ tried: revision }) => ({ revision }) },
      after: { giveUpAfter: 60_000 },
    },
    'trial.confirming': { runs: { confirm: ({ tried: revision }) => ({ revision }) }, after: { giveUpAfter: 60_000 } },
  },
  start: {
    states: [document('idle'), trial('settled')],
    context: { hasLink: false, isDenied: false, isWanted: true, tried: 0, spent: 0 },
    told: [{ type: 'settings.ready' }],
  },
  events: [
    { type: 'settings.load' },
    { type: 'settings.refresh' },
    { type: 'settings.pursue' },
    { type: 'broker.up', denied: [] },
    { type: 'broker.up', denied: ['d/input_base_topic'] },
    { type: 'broker.down' },
    { type: 'broker.denied' },
    { type: 'broker.wanted' },
    { type: 'broker.unwanted' },
  ],
  outputs: {
    load: loads,
    refresh: refreshes,
    askBroker: [true, false],
    compareInstances: [true, false],
    restore: restored,
  },
  errors: { refresh: requestFaults.map(({ error }) => error) },
  rows: [
    row('document', 'settings.pursue', { context: { retry: pursued } }),
    row('document', 'broker.up', {
      context: (_, { denied }: { denied: readonly string[] }) => ({ hasLink: true, isDenied: denied.length > 0 }),
    }),
    row('document', 'broker.down', { context: { hasLink: false } }),
    row('document', 'broker.denied', { context: { isDenied: true } }),
    row('document', 'broker.wanted', { context: { isWanted: true } }),
    row('document', 'broker.unwanted', { context: { isWanted: false } }),

    row(document('idle waiting ready faulty'), 'settings.load', begins('loading')),
    row(document('idle waiting ready faulty'), 'settings.refresh', begins('refreshing')),
    row(
      document('loading refreshing'),
      'settings.load',
      { when: nothingPending, context: { pending: 'load' } },
      { when: not(nothingPending) },
    ),
    row(document('loading refreshing'), 'settings.refresh', { context: { pending: 'refresh' } }),

    row(
      document('loading'),
      'load done',
      ...[first, sameLink, otherLink].flatMap((side) => [
        adopted(side, true, { to: document('ready') }),
        adopted(side, false, { to: document('ready') }),
      ]),
    ),
    row(document('loading'), 'load fails', loadFailed(unexpectedFailure)),
    row(document('loading'), 'after giveUpAfter', loadFailed(tooLong('Loading env.json'))),

    row(
      document('refreshing'),
      'refresh done',
      ...[first, sameLink, otherLink].map((side) =>
        adopted(side, false, { to: document('ready'), context: (context) => ({ retry: pursuit(context) }) }),
      ),
    ),
    row(
      document('refreshing'),
      'refresh fails',
      ...requestFaults.flatMap((fault): Consequence<Context>[] => {
        const { failure, wait } = fault;
        const fails = failsWith(fault);
        if (!wait) return [{ ...refreshFailed(failure), when: fails }];
        return [
          { ...postponed(failure, wait), when: both(fails, goesOn) },
          { ...refreshFailed(failure), when: both(fails, not(goesOn)) },
        ];
      }),
    ),
    row(
      document('refreshing'),
      'after giveUpAfter',
      { ...postponed(noAnswer), when: goesOn },
      { ...refreshFailed(noAnswer), when: not(goesOn) },
    ),

    row(document('waiting'), 'always', ...pendingFirst()),
    row(document('waiting'), 'after retryAfter', begins('refreshing')),
    row(
      document('ready'),
      'always',
      ...pendingFirst([{ when: all(nothingPending, hasFailedBefore), to: document('waiting') }]),
    ),
    row(
      document('faulty'),
      'always',
      ...pendingFirst([{ when: all(nothingPending, hasSettings), to: document('ready') }]),
    ),

    row(
      trial('settled'),
      'always',
      { when: isAnotherTried, to: trying, context: firstPart },
      { when: isTheOneTried, to: trying, context: nextPart },
    ),
    // Of another env nothing is known yet, and with one on no trial there is nothing to try.
    row(
      trial('trying.way'),
      'always',
      { when: isAnotherTried, to: trying, anew: trial('trying'), context: firstPart },
      { when: not(isOnTrial), to: trial('settled') },
    ),

    row(
      way('connecting'),
      'always',
      { when: all(isTheOneTried, isBrokerProven, not(isInstanceNew)), ...confirming },
      { when: all(isTheOneTried, isBrokerProven, isInstanceNew), to: way('asking') },
    ),
    row(way('asking unanswered'), 'always', {
      when: all(isTheOneTried, not(isBrokerProven)),
      to: way('connecting'),
    }),
    row(way('asking'), 'askInstance done', confirming),
    row(way('asking'), 'askInstance fails', { to: way('unanswered') }),
    row(way('asking'), 'after giveUpAfter', { to: way('unanswered') }),
    row(way('unanswered'), 'after askAgainAfter', { to: way('asking') }),

    row(time('running askingBroker acquitted'), 'always', paused),
    row(time('running'), 'charge fails'),
    row(
      time('running'),
      'after partAfter',
      { when: ({ spent }) => spent < 4, to: time('running'), context: nextPart },
      { when: ({ spent }) => spent >= 4, to: time('judging') },
    ),
    row(
      time('judging'),
      'always',
      { when: isBrokerProven, to: time('comparing') },
      { when: not(isBrokerProven), to: time('askingBroker') },
    ),
    row(
      time('askingBroker'),
      'askBroker done',
      { when: both(isLost, isBrokerSilent), to: trial('restoring') },
      { when: both(isLost, not(isBrokerSilent)), ...acquitted },
      { when: not(isLost), ...acquitted },
    ),
    row(time('askingBroker'), 'askBroker fails', acquitted),
    row(time('askingBroker'), 'after giveUpAfter', acquitted),
    row(
      time('comparing'),
      'compareInstances done',
      { when: isLost, to: trial('restoring') },
      { when: not(isLost), ...acquitted },
    ),
    row(time('comparing'), 'compareInstances fails', acquitted),
    row(time('comparing'), 'after giveUpAfter', acquitted),
    row(time('acquitted'), 'after judgeAgainAfter', { to: time('judging') }),
    row(time('paused'), 'always', { when: not(isKept), ...acquitted }),

    row(trial('restoring'), 'always', { when: not(isTheOneTried), to: trial('settled') }),
    row(
      trial('restoring'),
      'restore done',
      ...[sameLink, otherLink].flatMap((side) => [
        adopted(side, true, { to: trial('settled') }),
        adopted(side, false, { to: trial('settled') }),
      ]),
    ),
    row(trial('restoring'), 'restore fails', notRestored(unexpectedFailure)),
    row(trial('restoring'), 'after giveUpAfter', notRestored(tooLong('Restoring env.json'))),

    row(trial('confirming'), 'confirm done', { to: trial('settled') }),
    row(trial('confirming'), 'confirm fails', { to: trial('settled') }),
    row(trial('confirming'), 'after giveUpAfter', { to: trial('settled') }),
  ],
  walks: settingsWalks,
});

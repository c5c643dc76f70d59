import type { settingsMachine } from '../../../../machines/settings.ts';
import type { Failure } from '../../../../services/errors.ts';
import { triedAgain } from './delays.ts';
import { both, hasFailedBefore, isPursued, pursued, refreshFailures } from './requests.ts';
import { adopted, document, failed, first, otherLink, sameLink, type Context } from './settings-effects.ts';
import { not, rowsOf, tooLong, unexpectedFailure, type Consequence } from './table.ts';

const row = rowsOf<typeof settingsMachine>();

const isPending =
  (what: string) =>
  ({ pending }: Context): boolean =>
    pending === what;
const nothingPending = ({ pending }: Context) => pending === undefined;
const hasSettings = ({ settings }: Context) => settings !== undefined;
const goesOn = (context: Context) => hasSettings(context) && isPursued(context);

const begins = (what: 'loading' | 'refreshing') => ({ to: document(what), context: { pending: undefined } });
const pursuit = ({ pending, retry }: Context) => (pending === 'refresh' ? retry : undefined);

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

/** What becomes of env.json. */
export const documentRows = [
  row('document', 'settings.pursue', { context: { retry: pursued } }),

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
  row(document('refreshing'), 'refresh fails', ...refreshFailures({ goesOn, postponed, refreshFailed })),
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
    ...pendingFirst([{ when: both(nothingPending, hasFailedBefore), to: document('waiting') }]),
  ),
  row(
    document('faulty'),
    'always',
    ...pendingFirst([{ when: both(nothingPending, hasSettings), to: document('ready') }]),
  ),
];

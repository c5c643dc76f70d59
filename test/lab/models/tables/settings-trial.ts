import type { settingsMachine } from '../../../../machines/settings.ts';
import type { Failure } from '../../../../services/errors.ts';
import { both } from './requests.ts';
import { adopted, failed, otherLink, sameLink, time, trial, way, without, type Context } from './settings-effects.ts';
import { not, rowsOf, tooLong, unexpectedFailure, type Consequence } from './table.ts';

const row = rowsOf<typeof settingsMachine>();

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
  context: ({ settings }: Context) => (settings ? { settings: without(settings, 'trial') } : {}),
};
/** The env before can't be put back: the trial goes on, and is judged again later. */
const notRestored = (failure: Failure): Consequence<Context> => ({
  to: `${way('connecting')} ${time('acquitted')}`,
  told: failed(failure, 'restore'),
  context: { failure },
});
const acquitted = { to: time('acquitted') };
const paused = { when: isKept, to: time('paused') };
/** The broker or the instance before is there, and the new one is not. */
const isLost = (_: unknown, { output }: { output: boolean }) => output;
/** Nothing was heard of the new broker: an open link, or denied topics, show that it is there. */
const isBrokerSilent: Guard = ({ hasLink, isDenied }) => !hasLink && !isDenied;

/** What becomes of an env with another connection. */
export const trialRows = [
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
];

import { triedAgain } from './delays.ts';
import { pursued as never } from './requests.ts';
import { otherwise } from './sides.ts';
import {
  all,
  begun,
  failureOf,
  faultOf,
  hasNext,
  keeps,
  leadsTo,
  pending,
  resumes,
  row,
  runsAlready,
  settled,
  sides,
  tells,
  type Cause,
  type Context,
  type Effect,
  type Event,
  type Guard,
} from './update-effects.ts';

/** A link opens: after there was none, the target is asked for. */
export const linkOpens = keeps(({ denied: before, isTargetDue }, { denied: topics = [] }) => ({
  denied: topics,
  isDenied: topics.length > 0,
  lastDenied: topics,
  isTargetDue: before === undefined || isTargetDue,
}));
export const linkDenied = keeps((_, { topics = [] }) => ({ isDenied: true, lastDenied: topics }));
export const linkEnds = keeps({ denied: undefined, isTargetDue: false, unanswered: undefined });

/** Whether the program of a version comes by a link that only a command has. */
const needsCommand = ({ isCompiled, mode }: Context): boolean => isCompiled && mode !== 'env_schema_only';

/** Whether the instance is to be asked: not by a unit that takes any version, or that could follow no answer. */
const isAskDue: Guard = (context) =>
  context.isTargetDue && context.checksVersion && !(context.isRestOnly && needsCommand(context));
const isPostponed: Guard = ({ pursuit }) => pursuit !== undefined && pursuit.retry.attempts > 0;
const isUnanswered: Guard = ({ unanswered }) => unanswered !== undefined;
/** Whether something is to be asked or tried again. */
export const hasErrand: Guard = (context, event) =>
  [isAskDue, isPostponed, isUnanswered].some((guard) => guard(context, event));

const versionIn = ({ output }: Event): string => String(output);

/** Whether the answer is the version that waits to be tried again. */
const isWaitedFor: Guard = (context, event) =>
  isPostponed(context, event) && context.pursuit?.target.commitVersion === versionIn(event);
/** Whether it is, and the server has not asked to wait. */
const isWanted: Guard = (context, event) => isWaitedFor(context, event) && context.pursuit?.retry.askedMs === 0;
/** Whether the answer is a version that is worth an attempt which nobody has commanded. */
const isNews: Guard = (context, event) => {
  const version = versionIn(event);
  const { answered: before, failed: bad } = context;
  const isKnown = version === before || version === bad?.version || runsAlready(context, version);
  return version !== '' && !isKnown && !isWaitedFor(context, event);
};
const isWorthACommand: Guard = (context, event) => isNews(context, event) && needsCommand(context);
const isWorthAnAttempt: Guard = (context, event) => isNews(context, event) && !needsCommand(context);

const answered = keeps({ isTargetDue: false, unanswered: undefined });
const notAnswered =
  (cause: Cause): Effect =>
  ({ unanswered }, event) => {
    const failure = failureOf('Asking for the target version', cause, event);
    const retry = triedAgain(unanswered ?? never, faultOf(event)?.wait);
    return {
      told: [{ type: 'update.targetUnknown', failure, attempts: retry.attempts }],
      context: { isTargetDue: false, unanswered: retry },
    };
  };
/** The same answer may be followed again. */
const answerForgotten = keeps({ answered: '' });

/** The command for this version is asked for. */
const requested: readonly Effect[] = [
  keeps((_, event) => ({ answered: versionIn(event) })),
  tells((_, event) => ({ type: 'update.requested', target: { commitVersion: versionIn(event) } })),
];

/** The answer is followed as a command would be. */
const answerFollowed = keeps((_, event) => {
  const target = { commitVersion: versionIn(event) };
  return { ...pending(target), pursuit: { target, retry: never }, answered: target.commitVersion };
});

const isNotPostponed: Guard = (context, event) => !isPostponed(context, event);
const isAnswered: Guard = (context, event) => !isUnanswered(context, event);
const hasNoErrand: Guard = (context, event) => !hasNext(context, event) && !hasErrand(context, event);

const unanswered = 'waiting.target.unanswered';

/** What is asked or tried again between updates. */
export const errandRows = [
  row('waiting', 'always', ...sides([hasNext, begun])),
  row(
    'waiting.version waiting.target.answered waiting.target.asking waiting.target.unanswered',
    'always',
    ...sides([hasNoErrand, settled()]),
  ),
  row('waiting.version.unwanted', 'always', ...sides([isPostponed, { to: 'waiting.version.postponed' }])),
  row(
    'waiting.version.postponed',
    'always',
    ...sides([all(isNotPostponed, hasErrand), { to: 'waiting.version.unwanted' }]),
  ),
  row('waiting.version.postponed', 'after retryAfter', leadsTo('downloading', resumes)),

  row(
    'waiting.target.answered',
    'always',
    ...sides([isAskDue, { to: 'waiting.target.asking' }], [isUnanswered, { to: unanswered }]),
  ),
  row(
    'waiting.target.asking',
    'askTarget done',
    ...sides(
      [isWanted, leadsTo('downloading', answered, resumes)],
      [isWorthACommand, leadsTo('waiting.target.requesting', ...requested)],
      [isWorthAnAttempt, leadsTo('checking', answered, answerFollowed)],
      [otherwise, leadsTo('waiting.target.answered', answered)],
    ),
  ),
  row('waiting.target.asking', 'askTarget fails', leadsTo(unanswered, notAnswered('error'))),
  row('waiting.target.asking', 'after askWithin', leadsTo(unanswered, notAnswered('late'))),
  row('waiting.target.requesting', 'requestUpdate done', leadsTo('waiting.target.answered', answered)),
  row('waiting.target.requesting', 'requestUpdate fails', leadsTo(unanswered, notAnswered('error'), answerForgotten)),
  row('waiting.target.requesting', 'after askWithin', leadsTo(unanswered, notAnswered('late'), answerForgotten)),
  row('waiting.target.requesting', 'broker.down', leadsTo('waiting.target.answered', linkEnds, answerForgotten)),
  row(
    unanswered,
    'always',
    ...sides(
      [isAskDue, { to: 'waiting.target.asking' }],
      [all(isAnswered, hasErrand), { to: 'waiting.target.answered' }],
    ),
  ),
  row(unanswered, 'after askAgainAfter', { to: 'waiting.target.asking' }),
];

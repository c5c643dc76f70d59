import type { Failure } from '../../../../services/errors.ts';
import type { FirmwareStatus } from '../../../../services/firmware-transitions.ts';
import { doubling } from './delays.ts';
import { otherwise } from './sides.ts';
import {
  all,
  failed,
  fails,
  failsWith,
  hasLink,
  keeps,
  leadsTo,
  pursuitEnds,
  restarts,
  row,
  settled,
  sides,
  tells,
  type Context,
  type Effect,
  type Event,
  type Guard,
} from './update-effects.ts';

const hour = 3_600_000;
const unhealthy = (message: string): Failure => ({ name: 'FirmwareError', code: 'unhealthy', message });
const offline = (message: string): Failure => ({ name: 'FirmwareError', code: 'offline', message });

// What an earlier start has left.

const statusIn = ({ output }: Event) => output as FirmwareStatus;
const isOnTrial: Guard = (_, event) => statusIn(event).trial !== undefined;
const isWaiting: Guard = (_, event) => statusIn(event).trial?.isWaiting === true;
/** Whether the new version has used up its starts, which a supervisor sees to itself. */
const isSpent: Guard = ({ isSupervised }, event) => {
  const { trial } = statusIn(event);
  return trial !== undefined && trial.starts > trial.maxStarts && !isSupervised;
};

/** What the journal says is known, and what was wrong with it told. */
const learns: Effect = ({ target }, event) => {
  const { trial, failed: before, outcome, problem: failure } = statusIn(event);
  return {
    told: failure ? [{ type: 'update.failed', target, phase: 'recovering', failure }] : [],
    context: { trial, failed: before, outcome, ...(trial && { target: { commitVersion: trial.to } }) },
  };
};

const spent: readonly Effect[] = [
  fails('trial', ({ trial }) => unhealthy(`it was started ${trial?.maxStarts} times without proving itself`)),
  pursuitEnds,
];

/** A trial begins, or goes on: a start that waits is counted once it no longer does. */
const tries: Effect = ({ trial, isSupervised }) => {
  if (!trial) return {};
  const { to: version, maxStarts, starts, isWaiting: waits = false, kept: files } = trial;
  const start = starts + (waits ? 1 : 0);
  const tried = { type: 'update.tried', version, start, maxStarts, isSupervised };
  return { told: start < 2 && files ? [tried, { type: 'update.kept', version, files }] : [tried] };
};

// How a trial goes.

const isSupervised: Guard = (context) => context.isSupervised;
const isSuspect: Guard = (context) => context.isSuspect;
const isThere: Guard = (_, { output }) => output === true;
const isAtWorkOverRest: Guard = ({ isRestOnly = false, isTargetDue }) => isRestOnly && isTargetDue;
const hasNoLink: Guard = (context, event) => !hasLink(context, event);

/** Time for the version to prove itself, at most as long as a timer can be: half a minute once it is suspected. */
export const provingMs = ({ trial, isSuspect: suspected }: Context): number =>
  Math.min(trial?.healthyWithinMs ?? NaN, suspected ? 30_000 : 2_147_483_647);

const trialFailure = (context: Context, event: Event): Failure => {
  const { trial, isDenied, lastDenied, isRestOnly } = context;
  const inTime = `within ${(trial?.healthyWithinMs ?? NaN) / 1_000} s`;
  if (hasLink(context, event)) return unhealthy(`the app was not ready ${inTime}`);
  if (isRestOnly) return offline(`the instance did not answer over REST ${inTime}`);
  if (isDenied) return unhealthy(`the broker denied its topics ${lastDenied.join(', ') || 'altogether'}`);
  if (!trial?.isWaiting) return offline(`it did not get online ${inTime}`);
  const hours = Number(((trial.waitedMs ?? NaN) / hour).toFixed(1));
  return offline(`it did not get online; no broker could be reached for ${hours} h`);
};
const trialFails = fails('trial', trialFailure);

/** What the supervisor and the journal are told of it. */
export const reasonOf = ({ ending }: Context) => ({ reason: ending?.failure.message, code: ending?.failure.code });

/** Time that a trial may wait in all: a day, unless it was agreed otherwise. */
const maxWaitMs = ({ trial }: Context): number => trial?.offlineMs ?? 24 * hour;
const hasWaitedEnough: Guard = (context) => (context.trial?.waitedMs ?? 0) >= maxWaitMs(context);

/** The trial waits, as no version could get online; the time up to the next probe is counted ahead. */
const waits: Effect = (context) => {
  const { trial, isDenied, probes } = context;
  if (!trial) return {};
  const { waitedMs = 0, isWaiting: waited = false, to: version } = trial;
  const left = maxWaitMs(context) - waitedMs;
  const nextProbeMs = left < 0 ? 0 : Math.min(left, doubling(probes + 1, 15_000, 300_000));
  return {
    told: waited ? [] : [{ type: 'update.waiting', version, isDenied }],
    context: {
      isSuspect: false,
      probes: probes + 1,
      nextProbeMs,
      trial: { ...trial, isWaiting: true, waitedMs: waitedMs + nextProbeMs },
    },
  };
};

/** A version could get online, and this one is not: unless it has just waited, that speaks against it. */
const found: readonly Effect[] = [
  keeps(({ trial }) => ({ isSuspect: trial?.isWaiting !== true })),
  tells({ type: 'update.brokerFound' }),
];

const goesOn = keeps(({ trial }) => ({ probes: 0, ...(trial && { trial: { ...trial, isWaiting: false } }) }));

const confirmed = keeps(({ trial, failed: before }) => ({
  trial: undefined,
  ...(before?.version === trial?.to && { failed: undefined }),
  ...(trial && { outcome: { version: trial.to, result: 'confirmed' } }),
}));

const rolledBack = keeps(({ trial, ending }) => {
  if (!trial || !ending) return {};
  const { to: version } = trial;
  const { code, message: reason } = ending.failure;
  return { trial: undefined, failed: { version, reason, code }, outcome: { version, result: 'rolledBack', reason } };
});

const connecting = 'trial.proving.connecting';
const givenUp = leadsTo('givingUp', trialFails);
/** No version could get online, as far as is known: another probe, unless that was so for as long as it may be. */
const notThere = [
  [hasWaitedEnough, leadsTo('rollingBack', trialFails)],
  [otherwise, leadsTo('trial.waiting', waits)],
] as const;
const proven = [hasLink, { to: 'trial.resuming' }] as const;
const resumed = leadsTo(connecting, goesOn);

/** From what an earlier start has left to a version that is confirmed or rolled back. */
export const trialRows = [
  row(
    'recovering',
    'recover done',
    ...sides(
      [isSpent, leadsTo('rollingBack', learns, ...spent)],
      [isWaiting, leadsTo('trial.probing', learns, tries)],
      [isOnTrial, leadsTo(connecting, learns, tries)],
      [otherwise, settled(learns)],
    ),
  ),
  row('recovering', 'recover fails', failed('recovering', 'error')),
  row('recovering', 'after recoverWithin', failed('recovering', 'late')),

  row(
    connecting,
    'always',
    ...sides([isAtWorkOverRest, { to: 'trial.proving.reaching' }], [hasLink, { to: 'trial.proving.asking' }]),
  ),
  row(connecting, 'after healthyWithin', { to: 'trial.probing' }),
  row('trial.proving.reaching', 'reach done', { to: 'trial.proving.asking', context: { denied: [] } }),
  row('trial.proving.reaching', 'reach fails', { to: 'trial.proving.unreached' }),
  row('trial.proving.reaching', 'after askWithin', { to: 'trial.proving.unreached' }),
  row('trial.proving.unreached', 'after reachAgainAfter', { to: 'trial.proving.reaching' }),
  row(
    'trial.proving.reaching trial.proving.unreached',
    'after healthyWithin',
    ...sides([hasLink, givenUp], [otherwise, { to: 'trial.probing' }]),
  ),
  row('trial.proving.asking', 'always', ...sides([hasNoLink, { to: connecting }])),
  row('trial.proving.asking', 'checkReady done', { to: 'confirming' }),
  row('trial.proving.asking', 'checkReady fails', leadsTo('givingUp', ...failsWith('trial', 'error'))),
  row('trial.proving.asking', 'after healthyWithin', givenUp),

  row('trial.probing', 'always', ...sides(proven)),
  row(
    'trial.probing',
    'probe done',
    ...sides([all(isThere, isSuspect), givenUp], [isThere, leadsTo('trial.resuming', ...found)], ...notThere),
  ),
  row('trial.probing', 'probe fails', ...sides(...notThere)),
  row('trial.probing', 'after probeWithin', ...sides(...notThere)),
  row('trial.waiting', 'always', ...sides(proven)),
  // A disk that takes no note of it changes nothing.
  row('trial.waiting', 'noteWait fails'),
  row('trial.waiting', 'after probeAfter', { to: 'trial.probing' }),
  row('trial.resuming', 'endWait done', resumed),
  row('trial.resuming', 'endWait fails', resumed),
  row('trial.resuming', 'after noteWithin', resumed),

  row('confirming', 'confirm done', settled(confirmed)),
  row('confirming', 'confirm fails', leadsTo('givingUp', ...failsWith('confirming', 'error'))),
  row('confirming', 'after confirmWithin', leadsTo('givingUp', ...failsWith('confirming', 'late'))),
  row('givingUp', 'always', ...sides([isSupervised, { to: 'noting' }], [otherwise, { to: 'rollingBack' }])),
  row('noting', 'noteFailure done', { to: 'restarting' }),
  row('noting', 'noteFailure fails', { to: 'restarting' }),
  row('noting', 'after noteWithin', { to: 'restarting' }),
  row('rollingBack', 'rollBack done', ...sides([restarts, { to: 'restarting' }], [otherwise, settled(rolledBack)])),
  row('rollingBack', 'rollBack fails', failed('rollingBack', 'error')),
  row('rollingBack', 'after rollBackWithin', leadsTo('restarting', ...failsWith('rollingBack', 'late'))),
];

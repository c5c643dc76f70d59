import { updateMachine } from '../../../../machines/update.ts';
import { waitMs } from './requests.ts';
import { otherwise } from './sides.ts';
import { defineTable } from './table.ts';
import * as effect from './update-effects.ts';
import { discarded, failed, leadsTo, of, row, settled, sides, type Guard } from './update-effects.ts';
import { errandRows, hasErrand, linkDenied, linkEnds, linkOpens } from './update-errands.ts';
import { provingMs, reasonOf, trialRows } from './update-trial.ts';
import { outputs, updateErrors, updateEvents, updateInput, updateWalks } from './update-walks.ts';

const hasOutcome: Guard = ({ outcome }) => outcome !== undefined;
const repeated = effect.tells((_, { target }) => ({ type: 'update.repeated', target }));
const outcomeTold = effect.tells(({ outcome: { version, result, reason = 'no reason was noted' } = {} }) =>
  result === 'confirmed' ? { type: 'update.confirmed', version } : { type: 'update.rolledBack', version, reason },
);
const told = settled(effect.keeps({ outcome: undefined }));
const refused = settled(...effect.refuses);
const swapping = leadsTo('swapping', ...effect.swaps);

export const updateTable = defineTable(updateMachine, {
  input: updateInput,
  states: {
    asleep: {},
    recovering: { tags: ['busy'], runs: { recover: undefined }, after: { recoverWithin: 120_000 } },
    idle: { tags: ['ready'] },
    waiting: { tags: ['ready'] },
    'waiting.version': {},
    'waiting.version.unwanted': {},
    'waiting.version.postponed': { after: { retryAfter: ({ pursuit }) => waitMs(pursuit ?? {}) } },
    'waiting.target': {},
    'waiting.target.answered': {},
    'waiting.target.asking': { tags: ['busy'], runs: { askTarget: undefined }, after: { askWithin: 30_000 } },
    'waiting.target.requesting': { tags: ['busy'], runs: { requestUpdate: undefined }, after: { askWithin: 30_000 } },
    'waiting.target.unanswered': { after: { askAgainAfter: ({ unanswered: retry }) => waitMs({ retry }) } },
    checking: { tags: ['busy'], isPassing: true },
    reconsidering: { tags: ['busy'], runs: { recall: undefined }, after: { recallWithin: 30_000 } },
    downloading: {
      tags: ['busy'],
      runs: { download: ({ target }) => ({ target }) },
      after: { downloadWithin: 600_000 },
    },
    verifying: {
      tags: ['busy'],
      runs: { verify: ({ staged, target }) => ({ staged, target }) },
      after: { verifyWithin: 120_000 },
    },
    staging: {
      tags: ['busy'],
      runs: { stage: ({ staged, target }) => ({ staged, target }) },
      after: { stageWithin: 600_000 },
    },
    swapping: {
      tags: ['busy'],
      runs: { swap: ({ staged, mode, commitVersion: from, target }) => ({ staged, mode, from, target }) },
      after: { swapWithin: 120_000 },
    },
    restarting: { tags: ['busy'], runs: { restart: ({ mode }) => ({ mode }) }, after: { restartWithin: 120_000 } },
    handingOver: {
      tags: ['busy'],
      runs: { handOver: ({ target }) => ({ target }) },
      after: { handOverWithin: 600_000 },
    },
    discarding: { tags: ['busy'], runs: { discard: ({ staged }) => ({ staged }) }, after: { discardWithin: 120_000 } },
    trial: { tags: ['busy'] },
    'trial.proving': { after: { healthyWithin: provingMs } },
    'trial.proving.connecting': {},
    'trial.proving.reaching': { runs: { reach: undefined }, after: { askWithin: 30_000 } },
    'trial.proving.unreached': { after: { reachAgainAfter: 5_000 } },
    'trial.proving.asking': { runs: { checkReady: undefined } },
    'trial.probing': { runs: { probe: ({ isDenied }) => ({ isDenied }) }, after: { probeWithin: 10_000 } },
    'trial.waiting': {
      runs: { noteWait: ({ trial }) => ({ waitedMs: trial?.waitedMs }) },
      after: { probeAfter: ({ nextProbeMs }) => nextProbeMs },
    },
    'trial.resuming': { runs: { endWait: undefined }, after: { noteWithin: 30_000 } },
    confirming: { tags: ['busy'], runs: { confirm: undefined }, after: { confirmWithin: 30_000 } },
    givingUp: { isPassing: true },
    noting: { tags: ['busy'], runs: { noteFailure: reasonOf }, after: { noteWithin: 30_000 } },
    rollingBack: { tags: ['busy'], runs: { rollBack: reasonOf }, after: { rollBackWithin: 120_000 } },
    telling: { tags: ['busy'], runs: { forgetOutcome: undefined }, after: { tellWithin: 30_000 } },
  },
  start: {
    states: ['asleep'],
    context: {
      ...updateInput,
      handsOver: false,
      commitVersion: '',
      target: { commitVersion: '' },
      staged: { id: '', files: 0, bytes: 0 },
      placed: '',
      isDenied: false,
      lastDenied: [],
      isSuspect: false,
      probes: 0,
      nextProbeMs: 0,
      isTargetDue: false,
      answered: '',
    },
  },
  events: updateEvents,
  outputs,
  errors: updateErrors,
  rows: [
    row('any', 'update.recover', { told: [{ type: 'update.recovered' }] }),
    row('any', 'update.configure', of(effect.configured)),
    row('asleep recovering idle waiting discarding telling', 'update.start', of(effect.queued)),
    row(
      'any',
      'update.start',
      ...sides([effect.isRepeated, of(effect.keeps({ next: undefined }), repeated)], [otherwise, of(effect.queued)]),
    ),
    row('any', 'update.pursue', of(effect.pursued)),
    row('any', 'update.askTarget', { context: { isTargetDue: true } }),
    row('any', 'broker.up', of(linkOpens)),
    row('any', 'broker.down', of(linkEnds)),
    row('any', 'broker.denied', of(linkDenied)),

    row('asleep', 'always', ...sides([effect.hasNext, { to: 'recovering' }])),
    row('asleep', 'update.recover', { to: 'recovering' }),
    // Files may still be replaced: nobody is told otherwise.
    row('recovering rollingBack', 'update.recover'),

    row(
      'idle',
      'always',
      ...sides(
        [hasOutcome, leadsTo('telling', outcomeTold)],
        [effect.hasNext, effect.begun],
        [hasErrand, { to: 'waiting.version.unwanted waiting.target.answered' }],
      ),
    ),
    row('telling', 'forgetOutcome done', told),
    row('telling', 'forgetOutcome fails', told),
    row('telling', 'after tellWithin', told),

    ...errandRows,

    row(
      'checking',
      'always',
      ...sides(
        [effect.isForApp, leadsTo('handingOver', effect.pursuitEnds)],
        [effect.isRunning, settled(...effect.skips)],
        [effect.hasFailedBefore, { to: 'reconsidering' }],
        [otherwise, leadsTo('downloading', effect.keeps({ failed: undefined }), effect.begins)],
      ),
    ),
    row(
      'reconsidering',
      'recall done',
      ...sides([effect.isWorthRetrying, leadsTo('downloading', effect.begins)], [otherwise, refused]),
    ),
    row('reconsidering', 'recall fails', refused),
    row('reconsidering', 'after recallWithin', refused),

    row('downloading', 'download done', leadsTo('verifying', effect.stages)),
    row(
      'downloading',
      'download fails',
      ...sides(
        [effect.isTriedAgainAfter, settled(effect.postponed('downloading', 'error'))],
        [otherwise, failed('downloading', 'error')],
      ),
    ),
    row(
      'downloading',
      'after downloadWithin',
      ...sides(
        [effect.isTriedAgain, settled(effect.postponed('downloading', 'late'))],
        [otherwise, failed('downloading', 'late')],
      ),
    ),
    row('verifying', 'verify done', ...sides([effect.isProgramReplaced, { to: 'staging' }], [otherwise, swapping])),
    row('verifying', 'verify fails', discarded('verifying', 'error')),
    row('verifying', 'after verifyWithin', discarded('verifying', 'late')),
    row('staging', 'stage done', leadsTo('swapping', effect.stages, ...effect.swaps)),
    row(
      'staging',
      'stage fails',
      ...sides(
        [effect.isTriedAgainAfter, leadsTo('discarding', effect.postponed('staging', 'error'))],
        [otherwise, discarded('staging', 'error')],
      ),
    ),
    row(
      'staging',
      'after stageWithin',
      ...sides(
        [effect.isTriedAgain, leadsTo('discarding', effect.postponed('staging', 'late'))],
        [otherwise, discarded('staging', 'late')],
      ),
    ),
    row('discarding', 'discard done', settled()),
    row('discarding', 'discard fails', settled()),
    row('discarding', 'after discardWithin', settled()),

    row(
      'swapping',
      'swap done',
      ...sides(
        [effect.restarts, leadsTo('restarting', effect.swapped)],
        [otherwise, settled(effect.placed, effect.swapped, effect.finishes)],
      ),
    ),
    row('swapping', 'swap fails', discarded('swapping', 'error')),
    row('swapping', 'after swapWithin', leadsTo('restarting', ...effect.failsWith('swapping', 'late'))),
    row('restarting', 'restart done', settled(effect.finishes)),
    row('restarting', 'restart fails', failed('restarting', 'error')),
    row('restarting', 'after restartWithin', failed('restarting', 'late')),
    row('handingOver', 'handOver done', settled(effect.handedOver)),
    row('handingOver', 'handOver fails', failed('handingOver', 'error')),
    row('handingOver', 'after handOverWithin', failed('handingOver', 'late')),

    ...trialRows,
  ],
  walks: updateWalks,
});

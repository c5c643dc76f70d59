import { loggerMachine } from '../../../../machines/logger.ts';
import { BrokerError, type Failure } from '../../../../services/errors.ts';
import { doubling } from './delays.ts';
import {
  defineTable,
  rowsOf,
  not,
  tooLong,
  unexpected,
  unexpectedFailure,
  type Consequence,
  type ContextOf,
} from './table.ts';

type Context = ContextOf<typeof loggerMachine>;

const row = rowsOf<typeof loggerMachine>();

const config = { minLevel: 'Info', maxLength: 64, console: true, file: true, mqtt: true } as const;
const refused = new BrokerError('refused', 'The broker refuses it.');
const refusal = { name: 'BrokerError', code: 'refused', message: 'The broker refuses it.' };
const cut = new BrokerError('closed', 'The link is down.');

const isFlushDue = (context: Context) => context.isFlushDue;
const isSyncDue = (context: Context) => !context.isFlushDue && context.isSyncDue;
const isOnline = (context: Context) => context.isOnline;
const fails =
  (error: Error) =>
  (_: Context, event: { error: unknown }): boolean =>
    event.error === error;

const flushing = { when: isFlushDue, to: 'flushing', context: { isFlushDue: false } };
const mark = ['markSync', undefined] as const;
const release = ['releaseEntries', undefined] as const;
const hold = ['holdEntries', undefined] as const;
const begun = { does: [hold], context: { isSyncDue: false } };
const asked = { isSyncDue: true, progress: undefined };
const isCut = ({ cuts }: Context) => ({ isSyncDue: true, cuts: cuts + 1 });
const isBegun = ({ progress }: Context) => progress !== undefined;

interface Batch {
  readonly output: { readonly passed: number; readonly sent: number };
}
const some: Batch['output'] = { passed: 5, sent: 5 };
const most: Batch['output'] = { passed: 7, sent: 6 };
const behind = ({ progress }: Context, { output }: Batch) => ({
  stored: progress?.stored ?? 0,
  passed: (progress?.passed ?? 0) + output.passed,
  sent: (progress?.sent ?? 0) + output.sent,
});
const isLast = (context: Context, event: Batch) => behind(context, event).passed >= 12;
const over = { failure: undefined, cuts: 0, progress: undefined };
const apply = (context: Context) => [['applyConfig', context.config]] as const;

const failed = (failure: Failure): Consequence<Context> => ({
  to: 'idle',
  told: [{ type: 'logger.failed', failure }],
  context: { failure },
});

export const loggerTable = defineTable(loggerMachine, {
  input: { config },
  recorded: ['applyConfig', 'markSync', 'holdEntries', 'releaseEntries'],
  states: {
    idle: { tags: ['ready'] },
    awaitingBroker: { tags: ['ready'] },
    gathering: { tags: ['ready'], after: { beginAfter: 250 } },
    syncing: {
      tags: ['busy', 'ready'],
      after: { syncWithin: 600_000 },
    },
    'syncing.reading': { runs: { readStored: undefined } },
    'syncing.sending': { runs: { sendBatch: ({ progress }) => ({ from: progress?.passed }) } },
    'syncing.pausing': { after: { sendAfter: 125 } },
    interrupted: { tags: ['ready'], after: { resumeAfter: ({ cuts }) => doubling(cuts, 1_000, 60_000) } },
    flushing: { tags: ['busy', 'ready'], runs: { flush: undefined }, after: { flushWithin: 5_000 } },
  },
  start: {
    states: ['idle'],
    context: { config, isOnline: false, isSyncDue: false, cuts: 0, isFlushDue: false },
    does: [['applyConfig', config], release],
  },
  events: [
    { type: 'broker.up' },
    { type: 'broker.down' },
    { type: 'logger.configure', minLevel: 'Debug', maxLength: 8 },
    { type: 'logger.toggle', sink: 'mqtt', enabled: false },
    { type: 'logger.sync' },
    { type: 'logger.flush' },
  ],
  outputs: { readStored: [0, 12], sendBatch: [some, most] },
  errors: { sendBatch: [unexpected, refused, cut] },
  rows: [
    row('any', 'broker.up', { context: { isOnline: true } }),
    row('any', 'broker.down', { context: { isOnline: false } }),
    row('any', 'logger.configure', {
      does: apply,
      context: (context, { minLevel, maxLength }: Context['config']) => ({
        config: { ...context.config, minLevel, maxLength },
      }),
    }),
    row('any', 'logger.toggle', {
      does: apply,
      context: (context, event: { sink: string; enabled: boolean }) => ({
        config: { ...context.config, [event.sink]: event.enabled },
      }),
    }),
    row('any', 'logger.sync', { does: [mark], context: asked }),
    row('any', 'logger.flush', { context: { isFlushDue: true } }),

    row(
      'idle',
      'always',
      flushing,
      { when: (context) => isSyncDue(context) && isOnline(context), to: 'gathering' },
      { when: (context) => isSyncDue(context) && !isOnline(context), to: 'awaitingBroker' },
    ),
    row('awaitingBroker', 'always', flushing, {
      when: (context) => isSyncDue(context) && isOnline(context),
      to: 'gathering',
    }),

    row('gathering', 'always', flushing),
    row('gathering', 'broker.down', { to: 'awaitingBroker', context: { isOnline: false } }),
    row(
      'gathering',
      'after beginAfter',
      { ...begun, when: isBegun, to: 'syncing.sending' },
      { ...begun, when: not(isBegun), to: 'syncing.reading' },
    ),

    row('syncing', 'broker.down', {
      to: 'awaitingBroker',
      does: [release],
      context: (context) => ({ ...isCut(context), isOnline: false }),
    }),
    row('syncing', 'logger.sync', { to: 'gathering', does: [release, mark], context: asked }),
    row('syncing', 'after syncWithin', { ...failed(tooLong('Sending the stored log')), does: [release] }),

    row(
      'syncing.reading',
      'readStored done',
      {
        when: (_, { output }: { output: number }) => output === 0,
        to: 'idle',
        told: [{ type: 'logger.synced', entries: 0, omitted: 0 }],
        does: [release],
        context: over,
      },
      {
        when: (_, { output }: { output: number }) => output > 0,
        to: 'syncing.sending',
        context: (_, { output }: { output: number }) => ({ progress: { stored: output, passed: 0, sent: 0 } }),
      },
    ),
    row('syncing.reading', 'readStored fails', { ...failed(unexpectedFailure), does: [release] }),

    row(
      'syncing.sending',
      'sendBatch done',
      {
        when: isLast,
        to: 'idle',
        told: (_, event: Batch, before) => {
          const { passed, sent } = behind(before, event);
          return [{ type: 'logger.synced', entries: sent, omitted: passed - sent }];
        },
        does: [release],
        context: over,
      },
      {
        when: not(isLast),
        to: 'syncing.pausing',
        context: (context, event: Batch) => ({ progress: behind(context, event) }),
      },
    ),
    row(
      'syncing.sending',
      'sendBatch fails',
      { when: fails(cut), to: 'interrupted', does: [release], context: isCut },
      { ...failed(refusal), when: fails(refused), does: [release] },
      { ...failed(unexpectedFailure), when: fails(unexpected), does: [release] },
    ),

    row('syncing.pausing', 'always', {
      when: isFlushDue,
      to: 'flushing',
      does: [release],
      context: { isSyncDue: true, isFlushDue: false },
    }),
    row('syncing.pausing', 'after sendAfter', { to: 'syncing.sending' }),

    row('interrupted', 'always', flushing),
    row('interrupted', 'broker.down', { to: 'awaitingBroker', context: { isOnline: false } }),
    row('interrupted', 'after resumeAfter', { to: 'awaitingBroker' }),

    row('flushing', 'flush done', { to: 'idle', told: [{ type: 'logger.flushed' }] }),
    row('flushing', 'flush fails', failed(unexpectedFailure)),
    row('flushing', 'after flushWithin', failed(tooLong('Flushing the log'))),
  ],
  key: ({ config: { minLevel, mqtt }, isOnline: online, isSyncDue: sync, progress, cuts, isFlushDue: flush }) => [
    minLevel === 'Debug' || !mqtt,
    online,
    sync,
    progress?.passed,
    Math.min(cuts, 2),
    flush,
  ],
});

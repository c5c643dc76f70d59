import { loggerMachine } from '../../../../machines/logger.ts';
import { BrokerError, type Failure } from '../../../../services/errors.ts';
import { doubling } from './delays.ts';
import {
  defineTable,
  rowsOf,
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
const asked = { context: { isSyncDue: true, goesOn: false }, does: [['markSync', undefined]] as const };
const isCut = ({ cuts }: Context) => ({ isSyncDue: true, goesOn: true, cuts: cuts + 1 });
const apply = (context: Context) => [['applyConfig', context.config]] as const;

const failed = (failure: Failure): Consequence<Context> => ({
  to: 'idle',
  told: [{ type: 'logger.failed', failure }],
  context: { failure },
});

export const loggerTable = defineTable(loggerMachine, {
  input: { config },
  recorded: ['applyConfig', 'markSync'],
  states: {
    idle: { tags: ['ready'] },
    awaitingBroker: { tags: ['ready'] },
    gathering: { tags: ['ready'], after: { beginAfter: 250 } },
    syncing: {
      tags: ['busy', 'ready'],
      runs: { sendStored: ({ goesOn }) => ({ goesOn }) },
      after: { syncWithin: 600_000 },
    },
    interrupted: { tags: ['ready'], after: { resumeAfter: ({ cuts }) => doubling(cuts, 1_000, 60_000) } },
    flushing: { tags: ['busy', 'ready'], runs: { flush: undefined }, after: { flushWithin: 5_000 } },
  },
  start: {
    states: ['idle'],
    context: { config, isOnline: false, isSyncDue: false, goesOn: false, cuts: 0, isFlushDue: false },
    told: [{ type: 'logger.ready' }],
    does: [['applyConfig', config]],
  },
  events: [
    { type: 'broker.up' },
    { type: 'broker.down' },
    { type: 'logger.configure', minLevel: 'Debug', maxLength: 8 },
    { type: 'logger.toggle', sink: 'mqtt', enabled: false },
    { type: 'logger.sync' },
    { type: 'logger.flush' },
  ],
  outputs: { sendStored: [0, 12] },
  errors: { sendStored: [unexpected, refused, cut] },
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
    row('any', 'logger.sync', asked),
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
    row('gathering', 'after beginAfter', { to: 'syncing', context: { isSyncDue: false } }),

    row('syncing', 'broker.down', {
      to: 'awaitingBroker',
      context: (context) => ({ ...isCut(context), isOnline: false }),
    }),
    row('syncing', 'logger.sync', { ...asked, to: 'gathering' }),
    row('syncing', 'sendStored done', {
      to: 'idle',
      told: (_, { output }: { output: number }) => [{ type: 'logger.synced', entries: output }],
      context: { failure: undefined, cuts: 0, goesOn: false },
    }),
    row(
      'syncing',
      'sendStored fails',
      { when: fails(cut), to: 'interrupted', context: isCut },
      { ...failed(refusal), when: fails(refused) },
      { ...failed(unexpectedFailure), when: fails(unexpected) },
    ),
    row('syncing', 'after syncWithin', failed(tooLong('Sending the stored log'))),

    row('interrupted', 'always', flushing),
    row('interrupted', 'broker.down', { to: 'awaitingBroker', context: { isOnline: false } }),
    row('interrupted', 'after resumeAfter', { to: 'awaitingBroker' }),

    row('flushing', 'flush done', { to: 'idle', told: [{ type: 'logger.flushed' }] }),
    row('flushing', 'flush fails', failed(unexpectedFailure)),
    row('flushing', 'after flushWithin', failed(tooLong('Flushing the log'))),
  ],
  key: ({ config: { minLevel, mqtt }, isOnline: online, isSyncDue: sync, goesOn, cuts, isFlushDue: flush }) => [
    minLevel === 'Debug' || !mqtt,
    online,
    sync,
    goesOn,
    Math.min(cuts, 2),
    flush,
  ],
});

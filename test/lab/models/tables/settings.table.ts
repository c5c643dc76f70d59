import { settingsMachine } from '../../../../machines/settings.ts';
import { requestFaults, waitMs } from './requests.ts';
import { documentRows } from './settings-document.ts';
import { document, trial } from './settings-effects.ts';
import { trialRows } from './settings-trial.ts';
import { loads, refreshes, restored, settingsWalks } from './settings-walks.ts';
import { defineTable, rowsOf } from './table.ts';

const row = rowsOf<typeof settingsMachine>();

/** What the unit and the app tell of the link, whatever else goes on. */
const linkRows = [
  row('document', 'broker.up', {
    context: (_, { denied }: { denied: readonly string[] }) => ({ hasLink: true, isDenied: denied.length > 0 }),
  }),
  row('document', 'broker.down', { context: { hasLink: false } }),
  row('document', 'broker.denied', { context: { isDenied: true } }),
  row('document', 'broker.wanted', { context: { isWanted: true } }),
  row('document', 'broker.unwanted', { context: { isWanted: false } }),
];

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
  rows: [...linkRows, ...documentRows, ...trialRows],
  walks: settingsWalks,
});

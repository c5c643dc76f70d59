import { expect } from 'vitest';
import { settingsMachine, type SettingsContext } from '../../../machines/settings.ts';
import type { SettingsTrial } from '../../../services/env-trial.ts';
import type { UnitSettings } from '../../../services/settings.ts';
import { failing } from '../../support/actors.ts';
import { defineModel, type MachineModel, type Seen } from './model.ts';

/** What the settings and the schema machine have in common; `T` is what they load. */
interface DocumentContext {
  readonly failure?: { readonly code: string } | undefined;
  readonly pending?: string | undefined;
  readonly retry?: { readonly attempts: number } | undefined;
}

/** What runs for the document itself. */
const documentSlots = ['load', 'refresh'];
const runningIn = ({ running }: Pick<Seen<unknown>, 'running'>) => running.filter((id) => documentSlots.includes(id));

const invariantsOf = <TContext extends DocumentContext>(id: string, contentOf: (context: TContext) => unknown) => {
  const loaded = ({ facts }: Seen<TContext>) => facts.filter(({ type }) => type === `${id}.loaded`);
  const isBusyWith = (slot: string) => (seen: Seen<TContext>) => {
    expect(runningIn(seen)).toEqual([slot]);
    expect(seen.snapshot.hasTag('busy')).toBe(true);
    const isEnded = /^xstate\.((done|error)\.actor\.(load|refresh)|after\..*\.(document|schema)\.)/.test(
      seen.last.type,
    );
    if (isEnded) expect(seen.context.pending, 'what was remembered is being done').toBeUndefined();
  };
  const isAtRest = ({ running, context }: Seen<TContext>) => {
    expect(runningIn({ running })).toEqual([]);
    expect(context.pending, 'what was asked for meanwhile was done').toBeUndefined();
  };
  return {
    idle: (seen: Seen<TContext>) => {
      isAtRest(seen);
      expect(seen.facts).toEqual([{ type: `${id}.ready` }]);
    },
    loading: isBusyWith('load'),
    refreshing: isBusyWith('refresh'),
    waiting: (seen: Seen<TContext>) => {
      isAtRest(seen);
      expect(seen.snapshot.hasTag('ready')).toBe(true);
      expect(contentOf(seen.context), 'something is in force').toBeDefined();
      expect(seen.context.retry, 'a command stands').toBeDefined();
      expect(seen.facts.map(({ type }) => type)).toContain(`${id}.postponed`);
    },
    ready: (seen: Seen<TContext>) => {
      isAtRest(seen);
      expect(seen.context.retry?.attempts ?? 0, 'what can be tried again is').toBe(0);
      expect(Object.values(loaded(seen).at(-1) ?? {})).toContainEqual(contentOf(seen.context));
      expect(contentOf(seen.context)).toBeDefined();
    },
    faulty: (seen: Seen<TContext>) => {
      isAtRest(seen);
      expect(contentOf(seen.context)).toBeUndefined();
      expect(seen.facts.at(-1)).toMatchObject({ type: `${id}.failed`, failure: seen.context.failure });
      expect(seen.facts.filter(({ type }) => type === `${id}.loaded`)).toEqual([]);
    },
  };
};

const network = failing('network', 'No connection');

export const settings = (commitVersion: string, linkRevision: number): UnitSettings => ({
  unitUuid: 'b4a3f7a2-4a30-4a43-9d5b-1c6f0e5c8a01',
  commitVersion,
  pingIntervalMs: 30_000,
  stateSendIntervalMs: 300_000,
  minLogLevel: 'Info',
  maxLogLength: 64,
  wifiSsid: '',
  maxReconnectionMs: 60_000,
  linkRevision,
  wifiRevision: 1,
});

type Trial = Pick<SettingsTrial, 'isBrokerNew' | 'isInstanceNew'>;

/** An env on a trial that has a part of its time left. */
const onTrial = (commitVersion: string, revision: number, trial: Trial): UnitSettings => ({
  ...settings(commitVersion, revision),
  trial: { revision, spent: 2, ...trial },
});

const withoutTrial = (kept: UnitSettings | undefined) => kept && settings(kept.commitVersion, kept.linkRevision);

const ofDocument = invariantsOf<SettingsContext>('settings', (context) => context.settings);

const trialSlots = ['askInstance', 'charge', 'askBroker', 'compareInstances', 'restore', 'confirm'];
const triedIn = ({ running }: Seen<SettingsContext>) => running.filter((id) => trialSlots.includes(id));
const isBrokerProven = ({ settings: kept, hasLink, isDenied }: SettingsContext) =>
  kept?.trial?.isBrokerNew === false || (hasLink && !isDenied);

const tries = (slot?: string) => (seen: Seen<SettingsContext>) => {
  expect(triedIn(seen).filter((id) => id !== 'askInstance' && id !== slot)).toEqual([]);
  expect(seen.context.settings?.trial?.revision).toBe(seen.context.tried);
};

const decides = (slot: string) => (seen: Seen<SettingsContext>) => {
  tries(slot)(seen);
  expect(seen.running).toContain(slot);
};

const settingsInvariants = {
  document: ({ snapshot }: Seen<SettingsContext>) => expect(snapshot.status).toBe('active'),
  ...Object.fromEntries(Object.entries(ofDocument).map(([state, check]) => [`document.${state}`, check])),
  'document.ready': (seen: Seen<SettingsContext>) => {
    expect(runningIn(seen)).toEqual([]);
    expect(seen.context.pending, 'what was asked for meanwhile was done').toBeUndefined();
    expect(seen.context.retry?.attempts ?? 0, 'what can be tried again is').toBe(0);
    const told = seen.facts.findLast(({ type }) => type === 'settings.loaded') as
      { settings?: UnitSettings } | undefined;
    expect(withoutTrial(told?.settings)).toEqual(withoutTrial(seen.context.settings));
  },
  trial: ({ context }: Seen<SettingsContext>) => expect(context.settings?.givenUp, 'it was told').toBeUndefined(),
  'trial.settled': (seen: Seen<SettingsContext>) => {
    expect(triedIn(seen)).toEqual([]);
    expect(seen.context.settings?.trial, 'a trial has an end').toBeUndefined();
  },
  'trial.trying': ({ context }: Seen<SettingsContext>) => {
    expect(context.settings?.trial?.revision).toBe(context.tried);
    expect(context.spent, 'no part comes without being charged').toBeGreaterThan(2);
  },
  'trial.trying.way': ({ context }: Seen<SettingsContext>) => expect(context.settings?.trial).toBeDefined(),
  'trial.trying.time': ({ context }: Seen<SettingsContext>) => expect(context.settings?.trial).toBeDefined(),
  'trial.trying.way.connecting': (seen: Seen<SettingsContext>) => {
    expect(isBrokerProven(seen.context)).toBe(false);
    expect(seen.running).not.toContain('askInstance');
  },
  'trial.trying.way.asking': (seen: Seen<SettingsContext>) => {
    expect(isBrokerProven(seen.context)).toBe(true);
    expect(seen.context.settings?.trial?.isInstanceNew).toBe(true);
    expect(seen.running).toContain('askInstance');
  },
  'trial.trying.way.unanswered': (seen: Seen<SettingsContext>) => {
    expect(isBrokerProven(seen.context)).toBe(true);
    expect(seen.running).not.toContain('askInstance');
  },
  'trial.trying.time.paused': (seen: Seen<SettingsContext>) => {
    tries()(seen);
    expect(seen.context.isWanted || isBrokerProven(seen.context)).toBe(false);
  },
  'trial.trying.time.running': tries('charge'),
  'trial.trying.time.judging': () => expect.unreachable('judging is over at once'),
  'trial.trying.time.askingBroker': decides('askBroker'),
  'trial.trying.time.comparing': decides('compareInstances'),
  'trial.trying.time.acquitted': tries(),
  'trial.restoring': (seen: Seen<SettingsContext>) => {
    expect(triedIn(seen)).toEqual(['restore']);
    expect(seen.snapshot.hasTag('busy')).toBe(true);
  },
  'trial.confirming': (seen: Seen<SettingsContext>) => {
    expect(triedIn(seen)).toEqual(['confirm']);
    expect(seen.context.settings).toBeDefined();
  },
};

const key = ({
  settings: kept,
  failure,
  pending,
  retry,
  hasLink,
  isDenied,
  isWanted,
  tried,
  spent,
}: SettingsContext) => [
  kept?.commitVersion,
  kept?.trial,
  failure?.code,
  pending,
  retry && retry.attempts > 0,
  hasLink,
  isDenied,
  isWanted,
  tried,
  Math.min(spent, 4),
];
const otherBroker = onTrial('three', 3, { isBrokerNew: true, isInstanceNew: false });
const otherInstance = onTrial('four', 4, { isBrokerNew: false, isInstanceNew: true });
const allOther = onTrial('five', 5, { isBrokerNew: true, isInstanceNew: true });
const isOfTrial = (label: string) => !/pursue|\(2\)|settings\.|load (done|fails)|refresh/i.test(label);

export const settingsModel: MachineModel = defineModel<typeof settingsMachine>({
  machine: settingsMachine,
  events: [
    { type: 'settings.load' },
    { type: 'settings.refresh' },
    { type: 'settings.pursue' },
    { type: 'broker.up', denied: [] },
    { type: 'broker.up', denied: ['update'] },
    { type: 'broker.down' },
    { type: 'broker.denied' },
    { type: 'broker.wanted' },
    { type: 'broker.unwanted' },
  ],
  errors: { refresh: [new Error('refresh failed'), network] },
  outputs: {
    load: [settings('one', 1), otherBroker, otherInstance, allOther],
    refresh: [settings('two', 2), otherBroker],
    askBroker: [true, false],
    compareInstances: [true, false],
    restore: [{ ...settings('one', 6), givenUp: ['PU_MQTT_HOST'] }],
  },
  regions: [
    { name: 'the document', uses: (label) => !/trial|broker/.test(label), key },
    {
      name: 'the document during a trial',
      uses: (label) => !/^(broker|ask|compare)|(part|askAgain)After|\(2\)|"(four|five)"/.test(label),
      key,
    },
    {
      name: 'a refresh during a trial',
      prelude: ['settings.load', `load done ${JSON.stringify(otherInstance)}`],
      uses: (label) =>
        !/^broker|pursue|\(2\)|settings\.load|load (done|fails)|refresh fails|(giveUp|askAgain)After/.test(label),
      key,
    },
    ...[otherBroker, otherInstance, allOther].map((tried) => ({
      name: `the trial of ${tried.commitVersion}`,
      prelude: ['settings.load', `load done ${JSON.stringify(tried)}`],
      uses: isOfTrial,
      key,
    })),
  ],
  invariants: settingsInvariants,
});

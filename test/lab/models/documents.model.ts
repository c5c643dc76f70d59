import { expect } from 'vitest';
import { settingsMachine, type SettingsContext } from '../../../machines/settings.ts';
import type { UnitSettings } from '../../../services/settings.ts';
import { failing } from '../../support/actors.ts';
import { defineModel, type MachineModel, type Seen } from './model.ts';

/** What the settings and the schema machine have in common; `T` is what they load. */
interface DocumentContext {
  readonly failure?: { readonly code: string } | undefined;
  readonly pending?: string | undefined;
  readonly retry?: { readonly attempts: number } | undefined;
}

const invariantsOf = <TContext extends DocumentContext>(id: string, contentOf: (context: TContext) => unknown) => {
  const loaded = ({ facts }: Seen<TContext>) => facts.filter(({ type }) => type === `${id}.loaded`);
  const isBusyWith = (slot: string) => (seen: Seen<TContext>) => {
    expect(seen.running).toEqual([slot]);
    expect(seen.snapshot.hasTag('busy')).toBe(true);
    const asked = [`${id}.load`, `${id}.refresh`, `${id}.pursue`, 'broker.up', 'broker.down', 'broker.denied'];
    const isAsked = asked.includes(seen.last.type);
    if (!isAsked) expect(seen.context.pending, 'what was remembered is being done').toBeUndefined();
  };
  const isAtRest = ({ running, context }: Seen<TContext>) => {
    expect(running).toEqual([]);
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

const onTrial = (commitVersion: string, linkRevision: number): UnitSettings => ({
  ...settings(commitVersion, linkRevision),
  isOnTrial: true,
});

const withoutTrial = (kept: UnitSettings | undefined) => kept && settings(kept.commitVersion, kept.linkRevision);

const shared = invariantsOf<SettingsContext>('settings', (context) => context.settings);
/** An env is on trial as long as one is kept, and nothing else is done meanwhile. */
const tries = (slots: readonly string[]) => (seen: Seen<SettingsContext>) => {
  expect(seen.running).toEqual(slots);
  expect(seen.context.settings?.isOnTrial).toBe(true);
};

const settingsInvariants = {
  ...shared,
  ready: (seen: Seen<SettingsContext>) => {
    expect(seen.running).toEqual([]);
    expect(seen.context.pending, 'what was asked for meanwhile was done').toBeUndefined();
    expect(seen.context.retry?.attempts ?? 0, 'what can be tried again is').toBe(0);
    expect(seen.context.settings?.isOnTrial, 'a trial has an end').toBeUndefined();
    const told = seen.facts.findLast(({ type }) => type === 'settings.loaded') as
      { settings?: UnitSettings } | undefined;
    expect(withoutTrial(told?.settings)).toEqual(seen.context.settings);
  },
  waiting: (seen: Seen<SettingsContext>) => {
    shared.waiting(seen);
    expect(seen.context.settings?.isOnTrial, 'a trial goes on before the next attempt').toBeUndefined();
  },
  trying: tries([]),
  'trying.leaving': ({ context }: Seen<SettingsContext>) => expect(context.hasLink).toBe(true),
  'trying.connecting': ({ context }: Seen<SettingsContext>) => expect(context.hasLink && !context.isDenied).toBe(false),
  judging: tries(['askBroker']),
  restoring: tries(['restore']),
  confirming: (seen: Seen<SettingsContext>) => {
    expect(seen.running).toEqual(['confirm']);
    expect(seen.context.settings).toBeDefined();
  },
};

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
  ],
  errors: { refresh: [new Error('refresh failed'), network] },
  outputs: {
    load: [settings('one', 1), onTrial('three', 3)],
    refresh: [settings('two', 2), onTrial('three', 3)],
    askBroker: [true, false],
    restore: [{ settings: settings('one', 4), names: ['PU_MQTT_HOST'] }],
    confirm: [undefined],
  },
  regions: [
    {
      name: 'all',
      key: ({ settings: kept, failure, pending, retry, hasLink, isDenied }) => [
        kept?.commitVersion,
        kept?.isOnTrial,
        failure?.code,
        pending,
        retry && retry.attempts > 0,
        hasLink,
        isDenied,
      ],
    },
  ],
  invariants: settingsInvariants,
});

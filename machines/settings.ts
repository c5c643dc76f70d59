/**
 * Keeps the unit's settings: loads env.json, refreshes it from the instance, tells what changed.
 *
 *     idle ─load─▶ loading ─ok─▶ ready ─refresh─▶ refreshing ─ok─▶ ready
 *                     │                               │
 *                     └─fail─▶ faulty ◀───────fail────┘   (ready again when settings are in force)
 */
import { assign, sendTo, setup } from 'xstate';
import type { Failure } from '../services/errors.ts';
import type { LoadSettings, RefreshSettings, UnitSettings } from '../services/settings.ts';
import { documentStates } from './lib/document-states.ts';
import type { Parent } from './lib/parent.ts';
import { slot } from './lib/slot.ts';

/** What others may tell the settings machine. One that comes while it is busy is remembered and done after. */
export type SettingsEvent = { type: 'settings.load' } | { type: 'settings.refresh' };

/** What the settings machine tells its parent. */
export type SettingsFact =
  | { type: 'settings.ready' }
  | { type: 'settings.loaded'; settings: UnitSettings }
  | { type: 'settings.failed'; failure: Failure; during: 'load' | 'refresh' };

export interface SettingsInput {
  parent: Parent<SettingsFact>;
}

export interface SettingsContext {
  parent: Parent<SettingsFact>;
  /** The settings in force. */
  settings?: UnitSettings;
  /** Why the last attempt failed. */
  failure?: Failure | undefined;
  /** What was asked for while busy; a refresh stands for a load too. */
  pending?: 'load' | 'refresh' | undefined;
}

export const settingsMachine = setup({
  types: {
    input: {} as SettingsInput,
    context: {} as SettingsContext,
    events: {} as SettingsEvent,
    tags: {} as 'busy' | 'ready' | 'faulty',
  },
  actors: { load: slot<LoadSettings>('settings.load'), refresh: slot<RefreshSettings>('settings.refresh') },
  actions: {
    report: sendTo(
      ({ context }) => context.parent,
      (_, fact: SettingsFact) => fact,
    ),
    keepContent: assign((_, { content }: { content: UnitSettings }) => ({ settings: content, failure: undefined })),
    keepFailure: assign((_, { failure }: { failure: Failure }) => ({ failure })),
    rememberLoad: assign(({ context }) => ({ pending: context.pending ?? ('load' as const) })),
    rememberRefresh: assign({ pending: 'refresh' }),
    forgetPending: assign({ pending: undefined }),
  },
  guards: {
    hasContent: ({ context }) => context.settings !== undefined,
    isLoadPending: ({ context }) => context.pending === 'load',
    isRefreshPending: ({ context }) => context.pending === 'refresh',
  },
  delays: { giveUpAfter: 60_000 },
}).createMachine({
  id: 'settings',
  description: 'Keeps the settings of the unit: env.json and what the instance says about it.',
  context: ({ input }) => ({ parent: input.parent }),
  entry: [{ type: 'report', params: { type: 'settings.ready' } }],
  initial: 'idle',
  states: documentStates({
    id: 'settings',
    file: 'env.json',
    source: 'the env',
    content: 'settings',
    loaded: (settings: UnitSettings): SettingsFact => ({ type: 'settings.loaded', settings }),
    failed: (failure, during): SettingsFact => ({ type: 'settings.failed', failure, during }),
  }),
});

import type { SettingsTrial } from '../../../../services/env-trial.ts';
import type { UnitSettings } from '../../../../services/settings.ts';
import { settings } from '../../../support/unit-world.ts';
import type { Context } from './settings-effects.ts';
import type { TableWalk } from './table.ts';

const env = (commitVersion: string, linkRevision: number, change: Partial<UnitSettings> = {}): UnitSettings => ({
  ...settings,
  commitVersion,
  linkRevision,
  ...change,
});
const tried = (commitVersion: string, linkRevision: number, trial: SettingsTrial) =>
  env(commitVersion, linkRevision, { trial });

const first = env('first', 1);
const broker = tried('other broker', 2, { revision: 2, spent: 2, isBrokerNew: true, isInstanceNew: false });
const instance = tried('other instance', 1, { revision: 3, spent: 2, isBrokerNew: false, isInstanceNew: true });
const whole = tried('other in all', 4, { revision: 4, spent: 0, isBrokerNew: true, isInstanceNew: true });
const late = tried('tried often', 5, { revision: 5, spent: 5, isBrokerNew: true, isInstanceNew: false });

/** What may be found at a load. */
export const loads = [
  first,
  env('first again', 6, { givenUp: ['PU_MQTT_HOST'] }),
  env('first once more', 1, { givenUp: ['PU_DOMAIN'] }),
  broker,
  instance,
  whole,
  late,
];
/** What the instance may give. */
export const refreshes = [env('second', 1), env('third', 3), broker, whole];
/** What may be in place once an env was given up. */
export const restored = [
  env('first again', 6, { givenUp: ['PU_MQTT_HOST'] }),
  env('first once more', 1, { givenUp: ['PU_DOMAIN'] }),
  env('by hand', 7),
  env('by hand', 1),
  env('by hand', 2),
];

const loaded = (one: UnitSettings) => ['settings.load', `load done ${JSON.stringify(one)}`];
const commanded = [...loaded(first), 'settings.pursue', 'settings.refresh'];
const afterRetry = 'after retryAfter in document.waiting';
const isOf = (pattern: RegExp) => (label: string) => pattern.test(label);

const document = ({ settings: kept, failure, pending, retry }: Context) => [
  kept?.commitVersion,
  failure !== undefined,
  pending,
  retry && Math.min(retry.attempts, 2),
];
const trial = ({ settings: kept, pending, hasLink, isDenied, isWanted, tried: of, spent }: Context) => [
  kept?.commitVersion,
  kept?.trial !== undefined,
  pending,
  hasLink,
  isDenied,
  isWanted,
  of,
  Math.min(spent, 7),
];

/** Together they try each part of the settings, with what matters to it. */
export const settingsWalks: readonly TableWalk<Context>[] = [
  {
    // The document.
    uses: (label) => !/trial|second|givenUp/.test(label),
    key: document,
  },
  {
    // A command that fails for nearly a day, and then for longer.
    prelude: [
      ...commanded,
      ...Array.from({ length: 22 }, () => ['refresh fails: RestError: Come back.', afterRetry]).flat(),
    ],
    uses: isOf(/refresh (done.*third|fails)|giveUpAfter|retryAfter/),
    key: ({ retry }) => retry && Math.min(retry.attempts, 24),
  },
  {
    // The first link, and those that follow.
    uses: (label) => /^broker|settings\.(load|refresh)|(load|refresh) done/.test(label) && !/wanted|trial/.test(label),
    key: ({ settings: kept, hasLink, isDenied }) => [kept?.linkRevision, hasLink, isDenied],
  },
  {
    // The time of a trial.
    prelude: loaded(whole),
    uses: isOf(/partAfter|charge/),
    key: ({ spent }) => spent,
  },
  ...[broker, instance, late].map((one) => ({
    // One trial by itself.
    prelude: loaded(one),
    uses: (label: string) => !/settings\.|document/.test(label),
    key: trial,
  })),
  {
    // A trial that needs a link and an answer, with an app that leaves its broker.
    prelude: loaded(whole),
    uses: isOf(
      /^broker|askInstance (done|fails)|partAfter|askAgain|askBroker done false|compare.* done false|judgeAgain/,
    ),
    key: ({ hasLink, isDenied, isWanted, spent }) => [hasLink, isDenied, isWanted, spent < 4],
  },
  ...[broker, instance].map((one) => ({
    // One trial after the other.
    prelude: loaded(one),
    uses: isOf(
      /^settings\.refresh|refresh done.*(third|trial)|broker\.(up.*\[\]|down)|askInstance|partAfter|ask.* done true|compare.* done true|restore|confirm done/,
    ),
    key: ({ settings: kept, pending, hasLink, tried: of, spent }: Context) => [
      kept?.trial?.revision,
      pending,
      hasLink,
      of,
      spent < 4,
    ],
  })),
];

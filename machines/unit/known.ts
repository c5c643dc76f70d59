import { stateIn, type GuardPredicate, type StateValue, type StateValueMap } from 'xstate';
import type { ChildName, Known, Situation, UnitContext, UnitEvent } from './context.ts';

/** A check of where the unit is; one of an action tells where it was before the step that the action is part of. */
type Place = GuardPredicate<UnitContext, UnitEvent, undefined, never>;

/** A check of whether the unit is in a state. */
export const isIn = (state: StateValue) => stateIn(state) as Place;

/** A child's region in one of its states. */
export const regionOf = (child: ChildName, state: 'running' | 'restarting' | 'failed'): StateValueMap => ({
  children: { kept: { [child]: state } },
});

/** Where the program lets go for another process, or has. */
export const leaving: readonly StateValue[] = [{ program: 'leaving' }, { program: 'replaced' }];

/** Where there is no link to close: not at work, or without a machine that would hold one. */
export const linkless: readonly StateValue[] = [
  { lifecycle: 'idle' },
  { lifecycle: 'recovering' },
  { lifecycle: 'loadingSettings' },
  { lifecycle: 'loadingSchema' },
  { lifecycle: 'misconfigured' },
  { lifecycle: { operating: 'restOnly' } },
  { lifecycle: { closing: 'releasing' } },
  { lifecycle: 'stopped' },
  regionOf('mqtt', 'restarting'),
  regionOf('mqtt', 'failed'),
];

/** Where settings and schema are read, or were. */
const reading: readonly StateValue[] = [
  { lifecycle: 'loadingSettings' },
  { lifecycle: 'loadingSchema' },
  { lifecycle: 'misconfigured' },
  { lifecycle: 'operating' },
];

/** Places that decide what the unit says. */
const places = {
  recovering: isIn({ lifecycle: 'recovering' }),
  reading: reading.map(isIn),
  operating: isIn({ lifecycle: 'operating' }),
  online: isIn({ lifecycle: { operating: 'online' } }),
  reportHeld: isIn({ reports: 'held' }),
  leaving: leaving.map(isIn),
};

type Check = (guard: Place) => boolean;

/** What an action knows: of the context, and of where the unit is, which is looked for only when that is asked. */
class KnownToAction implements Known {
  readonly settings: Known['settings'];
  readonly topics: Known['topics'];
  readonly extraTopics: Known['extraTopics'];
  readonly handsOver: boolean;
  readonly hasNetwork: boolean;
  readonly isWifiWanted: boolean;
  readonly isLinkWanted: boolean;
  readonly denial: Known['denial'];
  readonly isRestOnly: Known['isRestOnly'];
  readonly managesWifi: boolean;
  readonly logConfig: Known['logConfig'];
  readonly #check: Check;
  readonly #entered: Partial<Situation>;

  constructor(context: UnitContext, check: Check, entered: Partial<Situation>) {
    this.settings = context.settings;
    this.topics = context.topics;
    this.extraTopics = context.extraTopics;
    this.handsOver = context.handsOver;
    this.hasNetwork = context.hasNetwork;
    this.isWifiWanted = context.isWifiWanted;
    this.isLinkWanted = context.isLinkWanted;
    this.denial = context.denial;
    this.isRestOnly = context.isRestOnly;
    this.managesWifi = context.managesWifi;
    this.logConfig = context.logConfig;
    this.#check = check;
    this.#entered = entered;
  }

  get isRecovering(): boolean {
    return this.#entered.isRecovering ?? this.#check(places.recovering);
  }

  get isReading(): boolean {
    return this.#entered.isReading ?? places.reading.some((place) => this.#check(place));
  }

  get isOperating(): boolean {
    return this.#entered.isOperating ?? this.#check(places.operating);
  }

  get isOnline(): boolean {
    return this.#entered.isOnline ?? this.#check(places.online);
  }

  get isReportHeld(): boolean {
    return this.#entered.isReportHeld ?? this.#check(places.reportHeld);
  }

  get isLeaving(): boolean {
    return this.#entered.isLeaving ?? places.leaving.some((place) => this.#check(place));
  }
}

/**
 * What an action knows, by the check of that action.
 *
 * @param entered What the step has changed: an action of an entry or exit still sees the states before.
 */
export const knownOf = (context: UnitContext, check: Check, entered: Partial<Situation> = {}): Known =>
  new KnownToAction(context, check, entered);

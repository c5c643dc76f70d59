import { computed, signal } from '@preact/signals';
import { chartViewOf, type ChartView } from '../chart-view.ts';
import { createReplay, type Moment, type Replay } from '../replay.ts';
import type { Source } from '../replay/source.ts';
import type { ActorState } from '../replay/state.ts';

export const views = ['Units', 'Timeline', 'Machine', 'Messages', 'Log', 'Conversation'] as const;
export type View = (typeof views)[number];

/** The link to the inspector; `none` while a file is shown instead. */
export type Link = 'connecting' | 'open' | 'away' | 'none';

export const view = signal<View>('Timeline');
export const link = signal<Link>('connecting');
/** Name of the recording that is shown, and of the one that the inspector shows; empty for units that are live. */
export const recording = signal('');
export const servedRecording = signal('');
/** What went wrong last, for people. */
export const problem = signal('');
export const isHelpOpen = signal(false);
export const filter = signal('');

/** The reader of what is shown, and how often it has read. */
export const replay = signal<Replay>(createReplay());
export const reads = signal(0);

/** Has what calls it run anew whenever something was read. */
export const followReads = (): number => reads.value;

/** Name of the chosen unit; the first one while none is chosen. */
const chosenSource = signal<string | undefined>(undefined);
export const chooseSource = (name: string): void => {
  chosenSource.value = name;
};

export const sources = computed<readonly Source[]>(() => {
  followReads();
  return [...replay.value.sources.values()];
});

export const source = computed<Source | undefined>(
  () => sources.value.find(({ name }) => name === chosenSource.value) ?? sources.value[0],
);

/** The time in Unix milliseconds that all views show; `undefined` follows what comes. */
export const cursor = signal<number | undefined>(undefined);

/** First and last time of what was read of the chosen unit. */
export const extent = computed<readonly [from: number, to: number]>(() => {
  followReads();
  const rows = source.value?.rows;
  return rows && rows.next > rows.first ? [rows.atOf(rows.first), rows.atOf(rows.next - 1)] : [0, 0];
});

/** Time of the wall, which moves on while the page follows. */
export const now = signal(Date.now());

/** Whether more may come. */
export const isLive = computed(() => link.value === 'open' && recording.value === '');

/** Whether what comes is shown as it comes. */
export const isFollowing = computed(() => isLive.value && cursor.value === undefined);

export const shownTime = computed(() => cursor.value ?? extent.value[1]);

/** The chosen unit at the shown time. */
export const moment = computed<Moment | undefined>(() => {
  followReads();
  const { value: shown } = source;
  if (!shown) return undefined;
  const atTime = replay.value.at(shown.name, shownTime.value);
  return atTime;
});

export const followLive = (): void => {
  cursor.value = undefined;
};

export const scrubTo = (time: number): void => {
  const [from, to] = extent.value;
  cursor.value = Math.min(to, Math.max(from, time));
};

export const pauseOrFollow = (): void => {
  if (cursor.value === undefined) scrubTo(extent.value[1]);
  else followLive();
};

/** Moves to the next or the previous row with another time. */
export const step = (direction: 1 | -1): void => {
  const rows = source.value?.rows;
  if (!rows) return;
  const end = rows.endAt(shownTime.value);
  scrubTo(direction === 1 ? rows.atOf(Math.min(end, rows.next - 1)) : timeBefore(end));
};

const timeBefore = (end: number): number => {
  const { value: shown } = source;
  if (!shown) return 0;
  const { rows } = shown;
  let row = end - 1;
  while (row > rows.first && rows.atOf(row) >= shownTime.value) row -= 1;
  return rows.atOf(row);
};

const chartViews = new WeakMap<object, ChartView>();
const noChart = chartViewOf(undefined);

/** The chart of a machine by its hash. */
export const chartOfHash = ({ charts }: Source, hash: string): ChartView => {
  const config = charts.get(hash);
  if (!config) return noChart;
  const known = chartViews.get(config) ?? chartViewOf(config.config);
  chartViews.set(config, known);
  return known;
};

/** A machine at the shown time, with its place and its chart. */
export interface ShownActor {
  readonly path: string;
  readonly hash: string;
  readonly state: ActorState;
  readonly chart: ChartView;
}

/** Machines at the shown time, each after its parent. */
export const actors = computed<readonly ShownActor[]>(() => {
  const { value: shown } = source;
  if (!shown || !moment.value) return [];
  return [...moment.value.actors.values()]
    .map((state) => {
      const { path = '', hash = '' } = shown.actors[state.actor] ?? {};
      return { path, hash, state, chart: chartOfHash(shown, hash) };
    })
    .toSorted((one, other) => one.state.actor - other.state.actor);
});

const chosenPath = signal<string | undefined>(undefined);
export const chooseActor = (path: string): void => {
  chosenPath.value = path;
};

/** The machine that is looked at: the chosen one, else the one of MQTT, else the first. */
export const actor = computed<ShownActor | undefined>(
  () =>
    actors.value.find(({ path }) => path === chosenPath.value) ??
    actors.value.find(({ path }) => path.endsWith('/mqtt')) ??
    actors.value[0],
);

/** Whether the inspector passes requests on. */
export const takesRequests = signal(false);

export const isControlled = computed(() => takesRequests.value && isLive.value);

import { computed, signal } from '@preact/signals';
import { day } from './format.ts';
import { cursor, extent, isLive, moment, now } from './store.ts';

/** A stretch of time in Unix milliseconds. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Shortest and longest stretch of the timeline, and the longest that is shown at first. */
const limits = { least: 20, most: 30 * day, first: 15 * 60_000 } as const;

/** How much of the time is shown, and up to when; `undefined` for all, or for what comes. */
const span = signal<number | undefined>(undefined);
const end = signal<number | undefined>(undefined);

/** The time of the right edge while nothing is paused: the wall's, if the unit still runs. */
export const latest = computed(() => {
  const [, to] = extent.value;
  const isRunning = isLive.value && moment.value?.end === undefined;
  return isRunning ? Math.max(to, now.value) : to;
});

export const shown = computed<Stretch>(() => {
  const [from] = extent.value;
  const to = end.value ?? latest.value;
  const length = span.value ?? Math.min(limits.first, Math.max(1_000, (latest.value - from) * 1.02));
  return { from: to - length, to };
});

/** Makes the stretch shorter (`factor` below 1) or longer, around a time that stays in its place. */
export const zoom = (factor: number, around?: number): void => {
  const { from, to } = shown.value;
  const centre = around ?? Math.min(to, Math.max(from, cursor.value ?? to));
  const length = Math.min(limits.most, Math.max(limits.least, (to - from) * factor));
  const share = (to - centre) / (to - from);
  span.value = length;
  const next = centre + share * length;
  end.value = next >= latest.value ? undefined : next;
};

export const pan = (by: number): void => {
  const { from, to } = shown.value;
  const [first] = extent.value;
  const next = Math.max(first + (to - from) * 0.1, to + by);
  span.value = to - from;
  end.value = next >= latest.value ? undefined : next;
};

/** Moves the stretch as little as shows a time. */
export const show = (time: number): void => {
  const { from, to } = shown.value;
  const margin = (to - from) * 0.05;
  if (time < from) pan(time - from - margin);
  else if (time > to) pan(time - to + margin);
};

export const showAll = (): void => {
  const [from] = extent.value;
  span.value = Math.max(1_000, (latest.value - from) * 1.02);
  end.value = undefined;
};

/** Follows again what comes. */
export const showLatest = (): void => {
  end.value = undefined;
};

const lengths = [1, 2, 5, 10, 20, 50, 100, 200, 500].concat(
  [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400].map((s) => s * 1_000),
);

/** Times of the axis' marks, at least `apart` of them away from each other, and how far. */
export const ticksIn = ({ from, to }: Stretch, most: number): { readonly every: number; readonly times: number[] } => {
  const every = lengths.find((length) => (to - from) / length <= most) ?? Math.ceil((to - from) / most / day) * day;
  const shift = new Date(to).getTimezoneOffset() * 60_000;
  const first = Math.ceil((from - shift) / every) * every + shift;
  const count = Math.max(0, Math.floor((to - first) / every) + 1);
  return { every, times: Array.from({ length: count }, (_, index) => first + index * every) };
};

const two = (value: number): string => String(value).padStart(2, '0');

/** Time of day, `10:29:04.120`. */
export const clockText = (at: number): string => {
  const date = new Date(at);
  const seconds = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${seconds}.${String(date.getMilliseconds()).padStart(3, '0')}`;
};

/** Day and time, `29 Nov 2026, 10:29:04`. */
export const dayText = (at: number): string =>
  `${new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })}, ${clockText(at).slice(0, 8)}`;

/** From when to when, with the day once where it is the same: `29 Nov 2026, 10:29:04 to 10:40:12`. */
export const stretchText = (from: number, to: number): string => {
  const [first, last] = [dayText(from), dayText(to)];
  const [day, time] = last.split(', ');
  return `${first} to ${first.startsWith(`${day},`) ? time : last}`;
};

/** Milliseconds of a day. */
export const day = 86_400_000;

const steps: readonly (readonly [unit: string, ms: number])[] = [
  ['d', day],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** A duration in its largest unit, with one digit after the point below ten: `340 ms`, `7.9 s`, `12 min`. */
export const durationText = (ms: number): string => {
  const [unit, length] = steps.find((step) => Math.abs(ms) >= step[1]) ?? ['ms', 1];
  const count = ms / length;
  return `${Math.abs(count) < 10 && unit !== 'ms' ? Number(count.toFixed(1)) : Math.round(count)} ${unit}`;
};

/** A size: `812 B`, `21.4 MB`. */
export const sizeText = (bytes: number): string => {
  if (bytes < 1_000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1_000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
};

/** A count with its noun: `1 line`, `12 lines`. */
export const countText = (count: number, noun: string): string =>
  `${count.toLocaleString('en-GB')} ${noun}${count === 1 ? '' : 's'}`;

/** Type of an event as people say it: without what XState adds. */
export const eventText = (type: string): string => {
  const [, kind = '', name = ''] =
    /^xstate\.(after|done\.actor|error\.actor|done\.state|snapshot)\.?(.*)$/.exec(type) ?? [];
  if (type === 'xstate.init') return 'started';
  if (kind === 'after') return `after ${name.split('.')[0] ?? ''}`;
  if (kind === 'done.actor') return `${name.replace(/^\d+\./, '')} done`;
  if (kind === 'error.actor') return `${name.replace(/^\d+\./, '')} failed`;
  return kind === '' ? type : `${kind} ${name}`;
};

const uuid = /\b([\da-f]{8})-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}\b/g;

/** A topic without the domain that it begins with, its UUIDs cut to their first part. */
export const shortTopic = (topic: string): string => topic.replace(/^[^/]*[.:][^/]*\//, '').replaceAll(uuid, '$1…');

/** A machine's path without its unit: `unit/mqtt` is `mqtt`. */
export const shortPath = (path: string): string => path.slice(path.indexOf('/') + 1);

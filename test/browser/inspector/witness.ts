import type { CliRun } from '../../support/cli.ts';
import type { Program } from '../../support/supervised-unit.ts';

/** Where each machine of a unit stands, by its path. */
export type Values = Readonly<Record<string, unknown>>;

/** A time in which no machine of a unit moved, in Unix milliseconds, and where they stood. */
export interface Standing {
  readonly from: number;
  /** Absent while it lasts. */
  readonly to?: number;
  readonly values: Values;
}

/** How many messages waited in a unit's outbox at a time. */
export interface Depth {
  readonly at: number;
  readonly waiting: number;
}

/** How many messages a unit publishes when it loses its link. */
const publishedOffline = 7;

/** What makes a unit's program say, from its own snapshots, where its machines stand. */
export const witness = (label: string, more: Partial<Program> = {}): Program => ({
  label,
  ...more,
  first: `let moved = () => undefined;\n${more.first ?? ''}`,
  options: `inspect: () => moved(), update: { healthTimeoutMs: 10_000, trialStarts: 2 }, ${more.options ?? ''}`,
  before: `
const base = Date.now() - performance.now();
const now = () => base + performance.now();
const valuesOf = (actor, path) => {
  const { value, children = {} } = actor.getSnapshot() ?? {};
  const inner = Object.values(children).map((child) => valuesOf(child, path + '/' + child.id));
  return Object.assign(value === undefined ? {} : { [path]: value }, ...inner);
};
let last = now();
let standing;
let timer;
const stand = () => {
  standing = { from: last, values: valuesOf(client.actor, client.actor.id) };
  say({ said: 'stands', ...standing });
};
moved = () => {
  if (standing) say({ said: 'stood', ...standing, to: now() });
  standing = undefined;
  last = now();
  clearTimeout(timer);
  timer = setTimeout(stand, 5);
  timer.unref();
};
setInterval(() => say({ said: 'depth', at: now(), waiting: client.metrics().outbox.waiting }), 250).unref();
client.on('offline', () => {
  for (let n = 0; n < ${publishedOffline}; n += 1) void client.publishToTopics('output/pepeunit', 'meanwhile ' + n);
});
${more.before ?? ''}
`,
});

type Line = { readonly said: string } & Standing & Depth;

const linesOf = ({ stdout }: CliRun): Line[] =>
  stdout()
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.startsWith('{"label"'))
    .map((line) => JSON.parse(line) as Line);

/** The times in which no machine moved, oldest first. */
export const standingsOf = (run: CliRun): (Standing & { readonly to: number })[] =>
  linesOf(run)
    .filter(({ said }) => said === 'stood')
    .map(({ from, to = from, values }) => ({ from, to, values }));

/** Where the machines stand now; `undefined` while they move. */
export const standingNow = (run: CliRun): Values | undefined => {
  const newest = linesOf(run).findLast(({ said }) => ['stands', 'stood', 'started'].includes(said));
  return newest?.said === 'stands' ? newest.values : undefined;
};

/** How often the outbox has to be said as deep, so that its recorded depth, which is read each second, is the same. */
const steadyFor = 12;

/** A time in an outage when the outbox had been as deep for a while. */
export const fullOutbox = (run: CliRun): Depth | undefined => {
  const depths = linesOf(run).filter(({ said }) => said === 'depth');
  const end = depths.findIndex(({ waiting }, index) => {
    const before = depths.slice(Math.max(0, index - steadyFor), index);
    return waiting >= publishedOffline && before.length === steadyFor && before.every((one) => one.waiting === waiting);
  });
  return depths[end];
};

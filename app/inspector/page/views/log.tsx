import { signal } from '@preact/signals';
import type { Source } from '../../replay/source.ts';
import { clockText, dayText, durationText } from '../format.ts';
import { listedBefore } from '../lists.ts';
import { JsonTree } from '../parts/json-tree.tsx';
import { Card, StateName } from '../parts/pieces.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { actors, chartOfHash, filter, moment, scrubTo, shownTime, source, type ShownActor } from '../store.ts';

const levels = ['Debug', 'Info', 'Warning', 'Error', 'Critical'] as const;
const least = signal<(typeof levels)[number]>('Debug');

/** Place of a level; one that is unknown passes any. */
const rankOf = (level: string): number => {
  const rank = levels.findIndex((one) => one.toLowerCase() === level.toLowerCase());
  return rank === -1 ? levels.length : rank;
};

const Levels = () => (
  <div class="choices" role="group" aria-label="Lowest level">
    {levels.map((level) => (
      <button key={level} type="button" aria-pressed={least.value === level} onClick={() => (least.value = level)}>
        {level}
      </button>
    ))}
  </div>
);

const textOf = ({ rows }: Source, number: number): string => {
  const { detail } = rows.row(number);
  return typeof detail === 'string' ? detail : '';
};

const Entries = ({ chosen, before }: { chosen: Source; before: number }) => {
  const words = filter.value.toLowerCase();
  const found = listedBefore(
    chosen.log,
    before,
    (number) =>
      rankOf(chosen.rows.nameOf(number)) >= rankOf(least.value) &&
      (words === '' || textOf(chosen, number).toLowerCase().includes(words)),
  );
  return (
    <VirtualList label="Log, newest first" count={found.length} rowHeight={28} empty="No entry up to this moment.">
      {(index) => {
        const number = found[index] ?? 0;
        const { at, name } = chosen.rows.row(number);
        return (
          <button type="button" class="event-row l" tabIndex={-1} onClick={() => scrubTo(at)}>
            <time>{clockText(at)}</time>
            <b class={`level ${name.toLowerCase()}`}>{name}</b>
            <span class="text">{textOf(chosen, number)}</span>
          </button>
        );
      }}
    </VirtualList>
  );
};

const Settings = () => {
  const { settings, settingsAt = 0 } = moment.value ?? {};
  const words = filter.value.toLowerCase();
  const entries = Object.entries(settings ?? {}).filter(([name]) => name.toLowerCase().includes(words));
  return (
    <Card title="Settings" note={settings && `as of ${clockText(settingsAt)}, secrets masked`}>
      {entries.length === 0 ? (
        <p class="empty">{settings ? 'None has this name.' : 'They were not read yet.'}</p>
      ) : (
        <div class="tree flat">
          {entries.map(([name, value]) => (
            <JsonTree key={name} name={name} value={value} />
          ))}
        </div>
      )}
    </Card>
  );
};

/** The way of an update, as far as a machine has these states. */
const way = ['checking', 'downloading', 'verifying', 'staging', 'swapping', 'restarting', 'trial', 'confirming'];

const Way = ({ update }: { update: ShownActor }) => {
  const states = update.chart.chart?.root.states.map(({ name }) => name) ?? [];
  const { active } = update.chart.valueOf(update.state.value);
  const steps = way.filter((step) => states.includes(step));
  const current = steps.findIndex((step) => active.includes(step));
  return (
    <ol class="way">
      {steps.map((step, index) => (
        <li
          key={step}
          class={index === current ? 'current' : index < current ? 'past' : ''}
          aria-current={index === current ? 'step' : undefined}
        >
          {step}
        </li>
      ))}
    </ol>
  );
};

/** Most stretches of an update's way that are listed. */
const maxPast = 12;

/** What the machine was in before, newest first. */
const Past = ({ chosen, update }: { chosen: Source; update: ShownActor }) => {
  const series = chosen.lanes.lanes.get(update.path)?.series;
  if (!series) return null;
  const last = series.indexAt(shownTime.value);
  const stretches = Array.from({ length: Math.min(maxPast, last) }, (_, index) => last - 1 - index);
  return (
    <ul class="past-states">
      {stretches.map((index) => {
        const [hash = '', value = ''] = chosen.lanes.segments[series.value(index)] ?? [];
        const { name, tag } = chartOfHash(chosen, hash).valueOf(value);
        return (
          <li key={index}>
            <time>{clockText(series.at(index))}</time>
            <StateName tag={tag}>{name === '' ? 'not there' : name}</StateName>
            <span class="dim">{durationText(series.at(index + 1) - series.at(index))}</span>
          </li>
        );
      })}
    </ul>
  );
};

const Update = ({ chosen }: { chosen: Source }) => {
  const update = actors.value.find(({ path }) => path.endsWith('/update'));
  if (!update) return null;
  const { name, tag } = update.chart.valueOf(update.state.value);
  const run = chosen.runs[moment.value?.run ?? -1];
  return (
    <Card title="Update" note={run?.program === undefined ? undefined : `runs ${run.program.slice(0, 8)}`}>
      <p class="padded">
        <StateName tag={tag}>{name}</StateName>{' '}
        <span class="dim">
          since {dayText(update.state.since)}, {durationText(shownTime.value - update.state.since)}
        </span>
      </p>
      <Way update={update} />
      <Past chosen={chosen} update={update} />
      <div class="tree">
        <JsonTree name="context" value={update.state.context} />
      </div>
    </Card>
  );
};

/** The log, the settings and the update's progress at the shown moment. */
export const Log = () => {
  const { value: chosen } = source;
  if (!chosen || !moment.value) return null;
  return (
    <div class="view log">
      <Card title="Log" note={<Levels />} class="grows">
        <Entries chosen={chosen} before={moment.value.row} />
      </Card>
      <div class="side">
        <Update chosen={chosen} />
        <Settings />
      </div>
    </div>
  );
};

import type { Source } from '../../replay/source.ts';
import { colours } from '../colours.ts';
import { clockText, countText, durationText, sizeText } from '../format.ts';
import { Canvas } from '../parts/canvas.tsx';
import { Commands } from '../parts/control.tsx';
import { Card, StateName } from '../parts/pieces.tsx';
import { markTags, piecesOf } from '../scene.ts';
import {
  chartOfHash,
  chooseSource,
  filter,
  followReads,
  isControlled,
  isFollowing,
  now,
  replay,
  shownTime,
  source,
  sources,
  view,
} from '../store.ts';
import { labelOf, unitAt } from '../units.ts';

const hour = 3_600_000;

/** How the unit's link did in the last hour, or since it was first seen. */
const Hour = ({ shown, path, time }: { shown: Source; path: string; time: number }) => {
  const lane = shown.lanes.lanes.get(path);
  if (!lane) return null;
  const known = Math.max(1_000, Math.min(hour, time - shown.rows.atOf(shown.rows.first)));
  return (
    <div class="hour">
      <Canvas
        height={18}
        scene={(width) => {
          followReads();
          return colours.value && { width, painted: colours.value };
        }}
        paint={(brush, { width, painted }) => {
          const scene = { source: shown, lanes: [lane], stretch: { from: time - known, to: time } };
          brush.fillStyle = painted.soft.plain;
          brush.fillRect(0, 0, width, 18);
          const whole = { ...scene, time, endAt: time, isHeld: false, colours: painted, width, chosen: undefined };
          for (const { x, width: length, tag } of piecesOf(whole, lane)) {
            brush.fillStyle = painted.fill[tag];
            brush.fillRect(x, 0, Math.max(1, length), 18);
          }
        }}
      />
      <span class="dim">link, last {durationText(known)}</span>
    </div>
  );
};

const Figure = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

/** Most marks of a unit that are listed. */
const maxMarks = 6;

/** What people look for, newest first. */
const Marks = ({ shown, before }: { shown: Source; before: number }) => {
  const marks = shown.lanes.marks.filter(({ row }) => row < before).slice(-maxMarks);
  return (
    <ul class="marks">
      {marks.toReversed().map(({ at, row, what, text }) => (
        <li key={row}>
          <time>{clockText(at).slice(0, 8)}</time>
          <StateName tag={markTags[what] ?? 'plain'}>{what}</StateName>
          <span title={text}>{text}</span>
        </li>
      ))}
    </ul>
  );
};

/** Says which other processes run as the same unit at a moment: they take its link from each other. */
const Doubles = ({ shown, time }: { shown: Source; time: number }) => {
  const { unit, pid } = shown.runs.at(-1) ?? {};
  const pids = sources.value.flatMap((other) => {
    if (other === shown || other.runs.at(-1)?.unit !== unit) return [];
    const state = replay.value.at(other.name, time);
    const run = state && state.end === undefined ? other.runs[state.run] : undefined;
    return run?.pid === undefined || run.pid === pid ? [] : [run.pid];
  });
  if (pids.length === 0) return null;
  return <p class="double">Process {pids.join(', ')} runs as this unit too, with the same UUID.</p>;
};

const show = (name: string) => (): void => {
  chooseSource(name);
  view.value = 'Timeline';
};

const Unit = ({ shown }: { shown: Source }) => {
  const { rows } = shown;
  const time = isFollowing.value ? Math.max(now.value, rows.atOf(rows.next - 1)) : shownTime.value;
  const state = replay.value.at(shown.name, time);
  if (!state) return null;
  const run = shown.runs[state.run];
  const label = labelOf(shown, sources.value);
  const { health, since, rootPath, linkPath, lastSeen } = unitAt(shown, state);
  const root = [...state.actors.values()].find(({ actor }) => shown.actors[actor]?.path === rootPath);
  const rootView = root && chartOfHash(shown, shown.actors[root.actor]?.hash ?? '').valueOf(root.value);
  const { outbox = 0, heap, received, published } = state.figures;
  const badge = { online: 'ready', offline: 'faulty', ended: 'faulty', running: 'ready' } as const;
  return (
    <Card
      title={label}
      class={source.value?.name === shown.name ? 'unit chosen' : 'unit'}
      note={
        <button type="button" onClick={show(shown.name)} aria-label={`Show ${label} over time`}>
          Show
        </button>
      }
    >
      <p class="unit-state">
        <StateName tag={badge[health]}>{health}</StateName>
        <span class="dim">
          {' '}
          for {durationText(Math.max(0, time - since))}
          {rootView && rootView.name !== health && `, ${rootView.name}`}
          {state.end !== undefined && `: ${state.end}`}
        </span>
      </p>
      {state.end === undefined && <Doubles shown={shown} time={time} />}
      <dl class="figures">
        <Figure name="Outbox" value={countText(outbox, 'message')} />
        <Figure name="Last seen" value={time - lastSeen < 1_000 ? 'now' : `${durationText(time - lastSeen)} ago`} />
        <Figure name="Restarts" value={String(Math.max(0, state.run))} />
        <Figure name="Program" value={run?.program?.slice(0, 8) ?? '–'} />
        {run?.pid !== undefined && <Figure name="Process" value={String(run.pid)} />}
        <Figure name="Client" value={run?.client ?? '–'} />
        {heap !== undefined && <Figure name="Heap" value={sizeText(heap)} />}
        {received !== undefined && <Figure name="Received" value={received.toLocaleString('en-GB')} />}
        {published !== undefined && <Figure name="Published" value={published.toLocaleString('en-GB')} />}
        <Figure name="Started" value={run ? clockText(run.base).slice(0, 8) : '–'} />
      </dl>
      <Hour shown={shown} path={linkPath} time={time} />
      <Marks shown={shown} before={state.row} />
      <p class="uuid mono">{run?.unit ?? shown.name}</p>
    </Card>
  );
};

/** All units: how each does at the shown moment. */
export const Units = () => {
  const words = filter.value.toLowerCase();
  const found = sources.value.filter(({ name, runs }) =>
    `${name} ${runs.at(-1)?.name ?? ''} ${runs.at(-1)?.unit ?? ''}`.toLowerCase().includes(words),
  );
  return (
    <div class="view units">
      {found.length === 0 && <p class="empty">No unit has “{filter}”.</p>}
      <div class="unit-grid">
        {found.map((shown) => (
          <Unit key={shown.name} shown={shown} />
        ))}
      </div>
      {isControlled.value && <Commands />}
    </div>
  );
};

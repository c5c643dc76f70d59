import { useRef } from 'preact/hooks';
import type { Source } from '../../replay/source.ts';
import { colours } from '../colours.ts';
import { heightOf, laneAt, paintTimeline, rows } from '../paint.ts';
import type { Scene } from '../scene.ts';
import { shortPath } from '../format.ts';
import { Canvas } from '../parts/canvas.tsx';
import { EventChoices, EventList } from '../parts/event-list.tsx';
import { Card } from '../parts/pieces.tsx';
import { actor, chooseActor, cursor, followReads, scrubTo, shownTime, source, view } from '../store.ts';
import { latest, pan, showAll, shown, zoom } from '../window.ts';

const lanesOf = ({ lanes }: Source) => [...lanes.lanes.values()];

const sceneAt = (width: number): Scene | undefined => {
  followReads();
  const { value: chosen } = source;
  const { value: painted } = colours;
  if (!chosen || !painted) return undefined;
  return {
    source: chosen,
    lanes: lanesOf(chosen),
    stretch: shown.value,
    time: shownTime.value,
    isHeld: cursor.value !== undefined,
    endAt: latest.value,
    colours: painted,
    width,
    chosen: actor.value?.path,
  };
};

const wheel = (event: WheelEvent & { currentTarget: HTMLElement }): void => {
  event.preventDefault();
  const { from, to } = shown.value;
  const box = event.currentTarget.getBoundingClientRect();
  const share = (event.clientX - box.left) / box.width;
  if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
    pan(((event.deltaX || event.deltaY) / box.width) * (to - from));
    return;
  }
  zoom(1.0015 ** event.deltaY, from + share * (to - from));
};

const timeAt = (event: PointerEvent & { currentTarget: HTMLElement }): number => {
  const { from, to } = shown.value;
  const box = event.currentTarget.getBoundingClientRect();
  return from + ((event.clientX - box.left) / box.width) * (to - from);
};

/** The lanes: a press shows its moment and chooses its machine; a drag on the axis moves the stretch. */
const Lanes = ({ chosen }: { chosen: Source }) => {
  const lanes = lanesOf(chosen);
  const drag = useRef<'scrub' | 'pan' | undefined>(undefined);
  return (
    <div
      class="lanes"
      ref={(element) => element?.addEventListener('wheel', wheel as unknown as EventListener, { passive: false })}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        const y = event.clientY - event.currentTarget.getBoundingClientRect().top;
        drag.current = y < rows.axis ? 'pan' : 'scrub';
        event.currentTarget.setPointerCapture(event.pointerId);
        const lane = lanes[laneAt(y, lanes.length)];
        if (lane) chooseActor(lane.path);
        if (drag.current === 'scrub') scrubTo(timeAt(event));
      }}
      onPointerMove={(event) => {
        const { from, to } = shown.value;
        if (drag.current === 'scrub') scrubTo(timeAt(event));
        if (drag.current === 'pan') pan((-event.movementX / event.currentTarget.clientWidth) * (to - from));
      }}
      onPointerUp={() => {
        drag.current = undefined;
      }}
      onPointerCancel={() => {
        drag.current = undefined;
      }}
      onDblClick={() => {
        view.value = 'Machine';
      }}
    >
      <Canvas height={heightOf(lanes.length)} scene={sceneAt} paint={paintTimeline} />
    </div>
  );
};

const LaneNames = ({ chosen }: { chosen: Source }) => (
  <ul class="lane-names" style={{ paddingTop: `${rows.axis + rows.marks - 3}px` }}>
    {lanesOf(chosen).map(({ path }) => (
      <li key={path} style={{ height: `${rows.lane}px` }}>
        <button type="button" aria-pressed={actor.value?.path === path} onClick={() => chooseActor(path)}>
          {shortPath(path)}
        </button>
      </li>
    ))}
    <li class="in-out" style={{ height: `${rows.ticks}px` }}>
      <span class="in">in</span> / <span class="out">out</span>
    </li>
    <li style={{ height: `${rows.outbox}px` }}>outbox</li>
  </ul>
);

const Tools = () => (
  <div class="tools">
    <span class="legend" aria-hidden="true">
      <i class="ready" /> ready <i class="busy" /> busy <i class="faulty" /> faulty
    </span>
    <button type="button" aria-label="Show a longer time" onClick={() => zoom(1.5)}>
      −
    </button>
    <button type="button" aria-label="Show a shorter time" onClick={() => zoom(1 / 1.5)}>
      +
    </button>
    <button type="button" onClick={showAll}>
      All
    </button>
  </div>
);

/** All machines over time, and what happened up to the shown moment. */
export const Timeline = () => {
  followReads();
  const { value: chosen } = source;
  if (!chosen) return null;
  return (
    <div class="view timeline">
      <Card title="Machines over time" note={<Tools />} class="lanes-card">
        <div class="timeline-grid">
          <LaneNames chosen={chosen} />
          <Lanes chosen={chosen} />
        </div>
      </Card>
      <Card title="Up to this moment" note={<EventChoices />} class="grows">
        <EventList />
      </Card>
    </div>
  );
};

import { colours } from '../colours.ts';
import { clockText, dayText } from '../format.ts';
import { paintOverview } from '../paint-overview.ts';
import type { Scene } from '../scene.ts';
import {
  cursor,
  extent,
  followLive,
  pauseOrFollow,
  followReads,
  recording,
  scrubTo,
  shownTime,
  source,
  step,
} from '../store.ts';
import { show, shown, showLatest, type Stretch } from '../window.ts';
import { Canvas } from './canvas.tsx';

const height = 28;

const sceneAt = (width: number): { scene: Scene; stretch: Stretch } | undefined => {
  followReads();
  const { value: chosen } = source;
  const { value: painted } = colours;
  if (!chosen || !painted) return undefined;
  const [from, to] = extent.value;
  const scene = {
    source: chosen,
    lanes: [...chosen.lanes.lanes.values()],
    stretch: { from, to: Math.max(to, from + 1) },
    time: shownTime.value,
    isHeld: cursor.value !== undefined,
    endAt: to,
    colours: painted,
    width,
    chosen: undefined,
  };
  return { scene, stretch: shown.value };
};

const press = (event: PointerEvent & { currentTarget: HTMLElement }): void => {
  if (event.buttons !== 1) return;
  event.currentTarget.setPointerCapture(event.pointerId);
  const box = event.currentTarget.getBoundingClientRect();
  const [from, to] = extent.value;
  scrubTo(from + ((event.clientX - box.left) / box.width) * (to - from));
  show(shownTime.value);
};

const Track = () => {
  const [from, to] = extent.value;
  return (
    <div
      class="track"
      role="slider"
      tabIndex={0}
      aria-label="Shown time"
      aria-valuemin={0}
      aria-valuemax={Math.round(to - from)}
      aria-valuenow={Math.round(shownTime.value - from)}
      aria-valuetext={dayText(shownTime.value)}
      onPointerDown={press}
      onPointerMove={press}
    >
      <Canvas
        height={height}
        scene={sceneAt}
        paint={(brush, { scene, stretch }) => paintOverview(brush, scene, height, stretch)}
      />
    </div>
  );
};

export const showNewest = (): void => {
  followLive();
  showLatest();
};

/** The whole recording, and the moment of it that all views show. */
export const Scrubber = () => {
  const isHeld = cursor.value !== undefined;
  const isRecording = recording.value !== '';
  return (
    <footer class="scrubber" aria-label="Time">
      <div class="steps">
        <button type="button" class="icon" aria-label="One step back" onClick={() => step(-1)}>
          ‹
        </button>
        {!isRecording && (
          <button
            type="button"
            class="icon"
            aria-label={isHeld ? 'Live' : 'Pause'}
            aria-pressed={isHeld}
            onClick={pauseOrFollow}
          >
            <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
              <path d={isHeld ? 'M4 2.5v11l9-5.5z' : 'M4 3h3v10H4zM9 3h3v10H9z'} fill="currentColor" />
            </svg>
          </button>
        )}
        <button type="button" class="icon" aria-label="One step on" onClick={() => step(1)}>
          ›
        </button>
      </div>
      <Track />
      <time class="shown-time" data-time={shownTime.value}>
        {source.value ? clockText(shownTime.value) : '–'}
      </time>
      {isRecording ? (
        <button type="button" onClick={showNewest}>
          To the end
        </button>
      ) : (
        <button type="button" class={isHeld ? 'live' : 'live on'} aria-pressed={!isHeld} onClick={showNewest}>
          Live
        </button>
      )}
    </footer>
  );
};

import { useRef } from 'preact/hooks';
import { applyTheme, theme, themes } from '../colours.ts';
import { connect, openFile } from '../connection.ts';
import { countText, stretchText } from '../format.ts';
import {
  chooseSource,
  extent,
  followReads,
  isFollowing,
  isHelpOpen,
  link,
  recording,
  replay,
  servedRecording,
  source,
  sources,
} from '../store.ts';
import { labelOf } from '../units.ts';

/** What is shown, and whether it goes on. */
const shownNow = (): readonly [kind: string, text: string] => {
  if (link.value === 'away') return ['away', 'inspector away, trying again'];
  if (link.value === 'connecting') return ['connecting', 'connecting'];
  if (recording.value === '') return ['live', isFollowing.value ? 'live' : 'live, paused'];
  return ['recording', `recording ${recording.value}${source.value ? `, ${stretchText(...extent.value)}` : ''}`];
};

const LinkState = () => {
  const [kind, text] = shownNow();
  return (
    <span class={`link-state ${kind}`} role="status" title={text}>
      <span class="dot" aria-hidden="true" />
      <span class="text">{text}</span>
    </span>
  );
};

const UnitPicker = () => {
  const { value: all } = sources;
  if (all.length < 2) return <b class="unit-name">{source.value && labelOf(source.value, all)}</b>;
  return (
    <select
      aria-label="Unit"
      value={source.value?.name}
      onChange={({ currentTarget }) => chooseSource(currentTarget.value)}
    >
      {all.map((one) => (
        <option key={one.name} value={one.name}>
          {labelOf(one, all)}
        </option>
      ))}
    </select>
  );
};

const FileButtons = () => {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      {link.value === 'none' ? (
        <button type="button" onClick={connect}>
          Back to {servedRecording.value || 'live'}
        </button>
      ) : (
        <a class="button" href="recording.ndjson" download="recording.ndjson">
          Save
        </a>
      )}
      <button type="button" onClick={() => input.current?.click()}>
        Open
      </button>
      <input
        ref={input}
        type="file"
        accept=".ndjson"
        hidden
        aria-label="Recording"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file) void openFile(file);
        }}
      />
    </>
  );
};

const themeNames = { auto: 'System', light: 'Light', dark: 'Dark' } as const;

const ThemeButton = () => {
  const next = themes[(themes.indexOf(theme.value) + 1) % themes.length] ?? 'auto';
  return (
    <button
      type="button"
      class="icon"
      aria-label={`Colours: ${themeNames[theme.value]}. Change to ${themeNames[next]}`}
      title={`Colours: ${themeNames[theme.value]}`}
      onClick={() => applyTheme(next)}
    >
      <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5" />
        <path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor" />
      </svg>
    </button>
  );
};

const Losses = () => {
  followReads();
  const { lines, lost, damaged } = replay.value;
  const forgotten = sources.value.reduce((sum, one) => sum + one.forgotten, 0);
  return (
    <span class="losses" data-lost={lost} data-lines={lines}>
      {lost > 0 && <span class="loss">{countText(lost, 'line')} lost</span>}
      {damaged > 0 && <span class="loss">{countText(damaged, 'line')} unreadable</span>}
      {forgotten > 0 && <span class="loss quiet">{countText(forgotten, 'old line')} let go</span>}
    </span>
  );
};

/** What is shown, and what can be done with all of it. */
export const Header = () => (
  <header class="top">
    <h1>
      <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="#6d4aff" />
        <path d="M7 21h6v-9h6v5h6" fill="none" stroke="#fff" stroke-width="3" stroke-linejoin="round" />
      </svg>
      <span class="product">Inspector</span>
    </h1>
    <UnitPicker />
    <LinkState />
    <Losses />
    <div class="actions">
      <FileButtons />
      <ThemeButton />
      <button type="button" class="icon" aria-label="Keys" onClick={() => (isHelpOpen.value = true)}>
        ?
      </button>
    </div>
  </header>
);

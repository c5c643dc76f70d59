import type { FunctionComponent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { applyTheme, theme, themes } from './colours.ts';
import { connect, openFile } from './connection.ts';
import { countText } from './format.ts';
import { keyHelp } from './keys.ts';
import { Machines } from './parts/machines.tsx';
import { Key } from './parts/pieces.tsx';
import { Scrubber } from './parts/scrubber.tsx';
import {
  chooseSource,
  fileName,
  filter,
  isHelpOpen,
  link,
  problem,
  followReads,
  replay,
  source,
  sources,
  view,
  views,
  type View,
} from './store.ts';
import { Conversation } from './views/conversation.tsx';
import { Log } from './views/log.tsx';
import { Machine } from './views/machine.tsx';
import { Messages } from './views/messages.tsx';
import { Timeline } from './views/timeline.tsx';
import { Units } from './views/units.tsx';

const rooms: Readonly<Record<View, FunctionComponent>> = { Units, Timeline, Machine, Messages, Log, Conversation };

const linkTexts = {
  connecting: 'connecting',
  live: 'live',
  away: 'inspector away, trying again',
  file: 'file',
} as const;

const LinkState = () => (
  <span class={`link-state ${link.value}`} role="status">
    <span class="dot" aria-hidden="true" />
    {link.value === 'file' ? fileName : linkTexts[link.value]}
  </span>
);

const UnitPicker = () => {
  const { value: all } = sources;
  if (all.length < 2) return <b class="unit-name">{source.value?.runs.at(-1)?.name ?? source.value?.name ?? ''}</b>;
  return (
    <select
      aria-label="Unit"
      value={source.value?.name}
      onChange={({ currentTarget }) => chooseSource(currentTarget.value)}
    >
      {all.map(({ name, runs }) => (
        <option key={name} value={name}>
          {runs.at(-1)?.name ?? name}
        </option>
      ))}
    </select>
  );
};

const FileButtons = () => {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      {link.value === 'file' ? (
        <button type="button" onClick={connect}>
          Back to live
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

const Header = () => (
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

const moveTab = (event: KeyboardEvent): void => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const next = views[(views.indexOf(view.value) + by + views.length) % views.length] ?? 'Timeline';
  view.value = next;
  document.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
};

const Tabs = () => (
  <div class="tab-bar">
    <div role="tablist" aria-label="Views" onKeyDown={moveTab}>
      {views.map((name, index) => (
        <button
          key={name}
          type="button"
          role="tab"
          id={`tab-${name}`}
          aria-selected={view.value === name}
          aria-controls="view"
          tabIndex={view.value === name ? 0 : -1}
          onClick={() => (view.value = name)}
        >
          {name}
          <kbd aria-hidden="true">{index + 1}</kbd>
        </button>
      ))}
    </div>
    <label class="filter">
      <span class="hidden">Filter</span>
      <input
        type="search"
        placeholder="Filter"
        value={filter}
        onInput={({ currentTarget }) => (filter.value = currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </label>
  </div>
);

const Help = () => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (isHelpOpen.value) dialog.current?.showModal();
    else dialog.current?.close();
  }, [isHelpOpen.value]);
  return (
    <dialog ref={dialog} aria-labelledby="help-title" onClose={() => (isHelpOpen.value = false)}>
      <h2 id="help-title">Keys</h2>
      <dl class="key-list">
        {keyHelp.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <Key key={key}>{key}</Key>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p class="dim">Scroll over the lanes to zoom, with Shift to move. A press on a lane shows its machine.</p>
      <form method="dialog">
        <button type="submit">Close</button>
      </form>
    </dialog>
  );
};

const Nothing = () => (
  <div class="nothing">
    <h2>{link.value === 'away' ? 'The inspector is away' : 'Waiting for a unit'}</h2>
    <p>
      {link.value === 'away'
        ? 'This page goes on by itself as soon as it is back. A recording opens without it.'
        : 'It shows as soon as it sends its first line. A recording opens at once.'}
    </p>
    <p class="dim">Drop a .ndjson file anywhere on this page.</p>
  </div>
);

const drop = (event: DragEvent): void => {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file) void openFile(file);
};

export const App = () => {
  const Room = rooms[view.value];
  const hasUnit = source.value !== undefined;
  return (
    <div class={`app at-${view.value.toLowerCase()}`} onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <Header />
      <Tabs />
      {problem.value !== '' && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      <div class="middle">
        <Machines />
        <main>
          <div id="view" class="room" role="tabpanel" aria-labelledby={`tab-${view.value}`}>
            {hasUnit ? <Room /> : <Nothing />}
          </div>
        </main>
      </div>
      <Scrubber />
      <Help />
    </div>
  );
};

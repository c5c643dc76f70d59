import type { FunctionComponent } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { openFile } from './connection.ts';
import { keyHelp } from './keys.ts';
import { bringIntoView } from './parts/bring-into-view.ts';
import { Header } from './parts/header.tsx';
import { Machines } from './parts/machines.tsx';
import { Key } from './parts/pieces.tsx';
import { Scrubber } from './parts/scrubber.tsx';
import { filter, isHelpOpen, link, problem, source, view, views, type View } from './store.ts';
import { Conversation } from './views/conversation.tsx';
import { Log } from './views/log.tsx';
import { Machine } from './views/machine.tsx';
import { Messages } from './views/messages.tsx';
import { Timeline } from './views/timeline.tsx';
import { Units } from './views/units.tsx';

const rooms: Readonly<Record<View, FunctionComponent>> = { Units, Timeline, Machine, Messages, Log, Conversation };

const moveTab = (event: KeyboardEvent): void => {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const next = views[(views.indexOf(view.value) + by + views.length) % views.length] ?? 'Timeline';
  view.value = next;
  document.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
};

const Tabs = () => {
  useLayoutEffect(() => bringIntoView(document.querySelector(`#tab-${view.value}`)), [view.value]);
  return (
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
};

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

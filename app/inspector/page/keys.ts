import { cursor, filter, isHelpOpen, pauseOrFollow, shownTime, step, view, views, extent, scrubTo } from './store.ts';
import { showNewest } from './parts/scrubber.tsx';
import { pan, show, shown, zoom } from './window.ts';

/** What each key does, for the help. */
export const keyHelp: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['1', '…', '6'], 'Go to a view'],
  [['←', '→'], 'Step back and on'],
  [['Shift', '←'], 'Move by a tenth of the shown time'],
  [['Home', 'End'], 'First and last moment'],
  [['Space'], 'Hold the moment, or follow what comes'],
  [['Esc'], 'To the newest moment'],
  [['+', '−'], 'Show a shorter or longer time'],
  [['[', ']'], 'Earlier and later'],
  [['↑', '↓'], 'From row to row in a list, Enter goes there'],
  [['/'], 'Filter'],
  [['?'], 'This help'],
];

const moveBy = (share: number): void => {
  const { from, to } = shown.value;
  scrubTo(shownTime.value + share * (to - from));
};

const panBy = (share: number): void => {
  const { from, to } = shown.value;
  pan(share * (to - from));
};

const steps: Readonly<Record<string, () => void>> = {
  ArrowLeft: () => step(-1),
  ArrowRight: () => step(1),
  'Shift+ArrowLeft': () => moveBy(-0.1),
  'Shift+ArrowRight': () => moveBy(0.1),
  Home: () => scrubTo(extent.value[0]),
  End: () => scrubTo(extent.value[1]),
};

const others: Readonly<Record<string, () => void>> = {
  ' ': pauseOrFollow,
  '+': () => zoom(1 / 1.5),
  '=': () => zoom(1 / 1.5),
  '-': () => zoom(1.5),
  '[': () => panBy(-0.25),
  ']': () => panBy(0.25),
  '?': () => {
    isHelpOpen.value = !isHelpOpen.value;
  },
};

const toView = (key: string): boolean => {
  const chosen = views[Number(key) - 1];
  if (!chosen) return false;
  view.value = chosen;
  return true;
};

const escape = (): void => {
  if (isHelpOpen.value) isHelpOpen.value = false;
  else showNewest();
};

/** Whether an element takes keys for itself. */
const typesIn = (target: Element): boolean => target.matches('input, textarea, select');
const pressesBy = (target: Element): boolean => target.matches('button, summary, a');
const movesBy = (target: Element): boolean => target.matches('[role=tab], .scroller, dialog *');

const focusFilter = (): boolean => {
  const field = document.querySelector<HTMLInputElement>('.filter input');
  field?.focus();
  field?.select();
  return field !== null;
};

const act = (event: KeyboardEvent, target: Element): boolean => {
  const { key, shiftKey } = event;
  if (key === '/') return focusFilter();
  if (key === ' ' && pressesBy(target)) return false;
  const moves = steps[`${shiftKey ? 'Shift+' : ''}${key}`] ?? steps[key];
  if (moves && !movesBy(target)) {
    moves();
    if (cursor.value !== undefined) show(cursor.value);
    return true;
  }
  const other = others[key];
  other?.();
  return other !== undefined || toView(key);
};

/** Listens to the keys of the whole page. */
export const listenToKeys = (): void => {
  addEventListener('keydown', (event) => {
    const { target } = event;
    if (!(target instanceof Element) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') {
      if (typesIn(target) && target instanceof HTMLElement) {
        if (target.closest('.filter')) filter.value = '';
        target.blur();
      } else escape();
      return;
    }
    if (!typesIn(target) && act(event, target)) event.preventDefault();
  });
};

import { useRef, useState } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import { useSize } from './use-size.ts';

/** Most rows of a list that stand in the document. */
const maxRows = 60;

/** Rows kept above and below what is seen. */
const spare = 8;

interface Props {
  readonly label: string;
  readonly count: number;
  readonly rowHeight: number;
  readonly children: (index: number) => ComponentChildren;
  readonly empty: string;
  readonly class?: string;
}

/** Moves the focus from row to row by the arrow keys, and says whether it did. */
const moveFocus = (frame: HTMLElement, key: string): boolean => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (by === undefined) return false;
  const rows = [...frame.querySelectorAll<HTMLElement>('.row-slot > button')];
  const isSeen = (row: HTMLElement): boolean =>
    row.getBoundingClientRect().top >= frame.getBoundingClientRect().top - 1;
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = at === -1 ? rows.find(isSeen) : rows[at + by];
  next?.focus({ preventScroll: true });
  next?.scrollIntoView({ block: 'nearest' });
  return next !== undefined;
};

/** A list of rows of one height, of which only those that are seen stand in the document. */
export const VirtualList = ({ label, count, rowHeight, children, empty, class: className = '' }: Props) => {
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const height = useSize(frame, 'clientHeight', 400, [count === 0]);
  if (count === 0) return <p class="empty">{empty}</p>;
  const first = Math.max(0, Math.min(Math.floor(top / rowHeight) - spare, count - 1));
  const shown = Math.min(maxRows, Math.ceil(height / rowHeight) + 2 * spare, count - first);
  return (
    <div
      ref={frame}
      class={`scroller ${className}`}
      tabIndex={0}
      role="list"
      aria-label={label}
      onKeyDown={(event) => {
        if (moveFocus(event.currentTarget, event.key)) event.preventDefault();
      }}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
    >
      <div role="presentation" style={{ height: `${count * rowHeight}px` }}>
        <div role="presentation" class="rows" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {Array.from({ length: shown }, (_, index) => (
            <div
              key={first + index}
              role="listitem"
              aria-setsize={count}
              aria-posinset={first + index + 1}
              class="row-slot"
              style={{ height: `${rowHeight}px` }}
            >
              {children(first + index)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
};

import type { Row } from '../../replay/rows.ts';
import type { Source } from '../../replay/source.ts';
import { clockText, eventText, shortPath } from '../format.ts';
import { rowsBefore } from '../lists.ts';
import { Card } from '../parts/pieces.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { actors, chooseActor, filter, moment, scrubTo, source } from '../store.ts';

const pathIn = ({ actors: all }: Source, actor: number): string => all[actor]?.path ?? '';

/** Left and width of an arrow from one column to another, in percent of all columns. */
const spanOf = (from: number, to: number, count: number): { left: string; width: string } => ({
  left: `${((Math.min(from, to) + 0.5) / count) * 100}%`,
  width: `${(Math.abs(to - from) / count) * 100}%`,
});

interface SaidProps {
  readonly chosen: Source;
  readonly number: number;
  readonly columns: readonly string[];
}

const Said = ({ chosen, number, columns }: SaidProps) => {
  const row = chosen.rows.row(number);
  const [from, to] = [columns.indexOf(pathIn(chosen, row.from)), columns.indexOf(pathIn(chosen, row.actor))];
  const name = eventText(row.name);
  const place = spanOf(from, to, columns.length);
  const isLeft = to < from;
  return (
    <button type="button" class="said" tabIndex={-1} onClick={() => scrubTo(row.at)}>
      <time>{clockText(row.at)}</time>
      <span class="hidden">{`from ${shortPath(columns[from] ?? '')} to ${shortPath(columns[to] ?? '')}`}</span>
      <span class="said-lanes">
        <span class={isLeft ? 'arrow left' : 'arrow'} style={place}>
          <span class="said-name">{name}</span>
        </span>
      </span>
    </button>
  );
};

/** Facts and commands between machines as a sequence, newest first. */
export const Conversation = () => {
  const { value: chosen } = source;
  if (!chosen || !moment.value) return null;
  const words = filter.value.toLowerCase();
  const columns = actors.value.map(({ path }) => path);
  const passes = (row: Row): boolean => {
    const [from, to] = [pathIn(chosen, row.from), pathIn(chosen, row.actor)];
    if (!columns.includes(from) || !columns.includes(to) || from === to) return false;
    return `${row.name} ${from} ${to}`.toLowerCase().includes(words);
  };
  const found = rowsBefore(chosen, moment.value.row, ['s'], passes);
  return (
    <div class="view conversation">
      <Card title="Between machines" note="newest first" class="grows">
        <div class="columns-frame scroller" tabIndex={0} role="region" aria-label="Sequence">
          <div class="columns" style={{ '--columns': columns.length }}>
            <div class="column-heads">
              <span />
              <div class="heads">
                {columns.map((path) => (
                  <button key={path} type="button" class="head" onClick={() => chooseActor(path)}>
                    {shortPath(path)}
                  </button>
                ))}
              </div>
            </div>
            <VirtualList
              label="Events between machines, newest first"
              count={found.length}
              rowHeight={30}
              empty="No machine has sent an event to another up to this moment."
            >
              {(index) => <Said chosen={chosen} number={found[index] ?? 0} columns={columns} />}
            </VirtualList>
          </div>
        </div>
      </Card>
    </div>
  );
};

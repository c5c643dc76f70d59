import { signal } from '@preact/signals';
import type { Row, RowKind } from '../../replay/rows.ts';
import type { Source } from '../../replay/source.ts';
import { clockText, eventText, shortPath } from '../format.ts';
import { rowsBefore } from '../lists.ts';
import { chartOfHash, filter, moment, scrubTo, source } from '../store.ts';
import { messageAt, topicName } from '../messages.ts';
import { Fate, StateName } from './pieces.tsx';
import { TopicName } from './topic.tsx';
import { VirtualList } from './virtual-list.tsx';

const all = ['s', 'm', 'l', 'mark', 'end', 'run', 'lost'] as const;

/** What is listed, so that dull runs of one kind do not push the others out. */
const choices: Readonly<Record<string, readonly RowKind[]>> = {
  All: all,
  Machines: ['s', 'run', 'end', 'lost'],
  Messages: ['m'],
  Log: ['l', 'mark', 'run', 'end', 'lost'],
};
const choice = signal('All');

/** Buttons that say what is listed. */
export const EventChoices = () => (
  <div class="choices" role="group" aria-label="What is listed">
    {Object.keys(choices).map((name) => (
      <button key={name} type="button" aria-pressed={choice.value === name} onClick={() => (choice.value = name)}>
        {name}
      </button>
    ))}
  </div>
);

const nameOf = ({ actors }: Source, actor: number): string => shortPath(actors[actor]?.path ?? '');

const textIn = (detail: Row['detail']): string => (typeof detail === 'string' ? detail : '');

/** What a row is about, and what it says. */
const wordsOf = (chosen: Source, row: Row): readonly [subject: string, text: string] => {
  switch (row.kind) {
    case 's':
      return [nameOf(chosen, row.actor), eventText(row.name)];
    case 'm': {
      const [direction] = row.detail as [string];
      return [direction === 'in' ? '↓ in' : '↑ out', topicName(chosen, row.name)];
    }
    case 'l':
      return [row.name, textIn(row.detail)];
    case 'mark':
      return [row.name, textIn(row.detail)];
    case 'end':
      return ['end', row.name];
    case 'run':
      return ['start', chosen.runs[row.count]?.name ?? ''];
    case 'lost':
      return ['lost', `${row.count} lines are missing here`];
    case 'timers':
    case 'sampled':
    case 'k':
    case 'mf':
    case 'f':
    case 'env':
    case 'actor':
      return ['', ''];
  }
};

const After = ({ row, number, chosen }: { row: Row; number: number; chosen: Source }) => {
  const { hash = '' } = chosen.actors[row.actor] ?? {};
  if (row.kind === 'm') return <Fate fate={messageAt(chosen, number, moment.value?.row ?? number).fate} />;
  if (row.kind !== 's') return null;
  const from = nameOf(chosen, row.from);
  const { name, tag } = chartOfHash(chosen, hash).valueOf(row.value);
  return (
    <>
      {row.value !== '' && <StateName tag={tag}>{name}</StateName>}
      {from !== '' && row.from !== row.actor && <span class="from">from {from}</span>}
    </>
  );
};

const EventRow = ({ number, chosen }: { number: number; chosen: Source }) => {
  const row = chosen.rows.row(number);
  const [subject, text] = wordsOf(chosen, row);
  return (
    <button type="button" class={`event-row ${row.kind}`} tabIndex={-1} onClick={() => scrubTo(row.at)}>
      <time>{clockText(row.at)}</time>
      <b class={row.kind === 'l' ? `level ${row.name.toLowerCase()}` : ''}>{subject}</b>
      {row.kind === 'm' ? (
        <TopicName chosen={chosen} topic={row.name} class="text" />
      ) : (
        <span class="text">{text}</span>
      )}
      <After row={row} number={number} chosen={chosen} />
    </button>
  );
};

/** What happened up to the shown moment, newest first, as far as it has the filter's words. */
export const EventList = () => {
  const { value: chosen } = source;
  const words = filter.value.toLowerCase();
  if (!chosen || !moment.value) return null;
  const passes = (row: Row): boolean => wordsOf(chosen, row).join(' ').toLowerCase().includes(words);
  const found = rowsBefore(chosen, moment.value.row, choices[choice.value] ?? all, passes, words === '');
  return (
    <VirtualList
      label="What happened, newest first"
      count={found.length}
      rowHeight={28}
      empty={words === '' ? 'Nothing has happened yet.' : `Nothing up to here has “${filter.value}”.`}
    >
      {(index) => <EventRow number={found[index] ?? 0} chosen={chosen} />}
    </VirtualList>
  );
};

import { signal } from '@preact/signals';
import type { JsonValue } from '../../../../services/json.ts';
import type { Source } from '../../replay/source.ts';
import { differencesOf, numbersIn } from '../diff.ts';
import { clockText, countText, durationText, sizeText } from '../format.ts';
import { messageAt, payloadJson, payloadText, topicName, topicsAt, type Message, type TopicView } from '../messages.ts';
import { Publish } from '../parts/control.tsx';
import { JsonTree } from '../parts/json-tree.tsx';
import { LineChart } from '../parts/line-chart.tsx';
import { Card, Fate } from '../parts/pieces.tsx';
import { TopicName } from '../parts/topic.tsx';
import { VirtualList } from '../parts/virtual-list.tsx';
import { filter, isControlled, moment, scrubTo, source } from '../store.ts';

const chosenTopic = signal<string | undefined>(undefined);
const chosenField = signal<string | undefined>(undefined);

/** Most points of the line. */
const maxPoints = 240;

/** Most letters of a payload in a list. */
const maxText = 120;

const TopicRow = ({ chosen, view, isChosen }: { chosen: Source; view: TopicView; isChosen: boolean }) => {
  const { key, topic, count, rate, last } = view;
  return (
    <button type="button" class="topic-row" aria-pressed={isChosen} onClick={() => (chosenTopic.value = key)}>
      <span class={`direction ${topic.direction}`}>{topic.direction}</span>
      <TopicName chosen={chosen} topic={topic.topic} />
      <span class="last mono">{payloadText(last.payload).slice(0, maxText)}</span>
      <Fate fate={last.fate} />
      <span class="count">{count.toLocaleString('en-GB')}</span>
      <span class="rate">{rate > 0 ? `${rate}/s` : '–'}</span>
    </button>
  );
};

/** The last messages of a topic before a row, oldest first. */
const lastOf = (chosen: Source, { topic, count }: TopicView, before: number, most: number): Message[] =>
  Array.from({ length: Math.min(most, count) }, (_, index) =>
    messageAt(chosen, topic.rows.at(count - Math.min(most, count) + index), before),
  );

/** A number of the payloads over time, if they have any. */
const Numbers = ({ messages }: { messages: readonly Message[] }) => {
  const read = messages.map(({ at, payload }) => [at, numbersIn(payloadJson(payload))] as const);
  const fields = [...new Set(read.flatMap(([, numbers]) => [...numbers.keys()]))];
  const field = fields.find((one) => one === chosenField.value) ?? fields[0];
  if (field === undefined) return null;
  const points = read.flatMap(([at, numbers]): (readonly [number, number])[] => {
    const value = numbers.get(field);
    return value === undefined ? [] : [[at, value]];
  });
  if (points.length < 2) return null;
  return (
    <div class="numbers">
      {fields.length > 1 && (
        <div class="choices" role="group" aria-label="Number">
          {fields.slice(0, 8).map((one) => (
            <button key={one} type="button" aria-pressed={one === field} onClick={() => (chosenField.value = one)}>
              {one}
            </button>
          ))}
        </div>
      )}
      <LineChart points={points} label={field === '' ? 'value' : field} />
    </div>
  );
};

const shortJson = (value: JsonValue | undefined): string => (value === undefined ? '–' : JSON.stringify(value));

/** What a message's JSON has otherwise than the one before. */
const Differences = ({ before, after }: { before: Message | undefined; after: Message }) => {
  const [old, next] = [before && payloadJson(before.payload), payloadJson(after.payload)];
  if (old === undefined || next === undefined) return null;
  const differences = differencesOf(old, next);
  if (differences.length === 0) return <p class="dim">The same as the one before.</p>;
  return (
    <ul class="differences" aria-label="Different from the one before">
      {differences.slice(0, 50).map(({ path, before: was, after: is }) => (
        <li key={path}>
          <b>{path === '' ? 'value' : path}</b> <del>{shortJson(was)}</del> <ins>{shortJson(is)}</ins>
        </li>
      ))}
    </ul>
  );
};

const Latest = ({ message, before }: { message: Message; before: Message | undefined }) => {
  const { at, fate, reason, fateAt, size, qos, retain, payload } = message;
  const json = payloadJson(payload);
  return (
    <div class="latest">
      <p>
        <button type="button" class="link" onClick={() => scrubTo(at)}>
          {clockText(at)}
        </button>{' '}
        <Fate fate={fate} />{' '}
        <span class="dim">
          {fateAt > at && `after ${durationText(fateAt - at)}, `}
          {sizeText(size)}, QoS {qos}
          {retain && ', retained'}
        </span>
      </p>
      {reason !== '' && <p class="reason">{reason}</p>}
      {json !== undefined && typeof json === 'object' && json !== null ? (
        <JsonTree name="payload" value={json} isOpen />
      ) : (
        <pre class="payload">{payloadText(payload)}</pre>
      )}
      <Differences before={before} after={message} />
    </div>
  );
};

const Detail = ({ chosen, view, before }: { chosen: Source; view: TopicView; before: number }) => {
  const messages = lastOf(chosen, view, before, maxPoints);
  const latest = messages.at(-1);
  return (
    <>
      <Card title={topicName(chosen, view.topic.topic)} note={countText(view.count, 'message')}>
        <p class="topic-whole mono">{view.topic.topic}</p>
        <Numbers messages={messages} />
        {latest && <Latest message={latest} before={messages.at(-2)} />}
      </Card>
      <Card title="Before it" class="grows">
        <VirtualList label="Messages, newest first" count={view.count - 1} rowHeight={28} empty="It is the first one.">
          {(index) => {
            const message = messageAt(chosen, view.topic.rows.at(view.count - 2 - index), before);
            return (
              <button type="button" class="event-row" tabIndex={-1} onClick={() => scrubTo(message.at)}>
                <time>{clockText(message.at)}</time>
                <Fate fate={message.fate} />
                <span class="text mono">{payloadText(message.payload).slice(0, maxText)}</span>
                {message.reason !== '' && <span class="from">{message.reason}</span>}
              </button>
            );
          }}
        </VirtualList>
      </Card>
    </>
  );
};

/** Messages by topic, each with what became of it, up to the shown moment. */
export const Messages = () => {
  const { value: chosen } = source;
  const { value: now } = moment;
  if (!chosen || !now) return null;
  const words = filter.value.toLowerCase();
  const topics = topicsAt(chosen, now.at, now.row).filter(({ topic, last }) =>
    `${topic.topic} ${topicName(chosen, topic.topic)} ${payloadText(last.payload)}`.toLowerCase().includes(words),
  );
  const view = topics.find(({ key }) => key === chosenTopic.value) ?? topics[0];
  return (
    <div class="view messages">
      <Card title="Topics" note={topics.length} class="grows topics">
        <VirtualList
          label="Topics, the latest first"
          count={topics.length}
          rowHeight={44}
          empty={words === '' ? 'No message up to this moment.' : `No topic or payload has “${filter.value}”.`}
        >
          {(index) => {
            const topic = topics[index];
            return topic && <TopicRow chosen={chosen} view={topic} isChosen={topic === view} />;
          }}
        </VirtualList>
      </Card>
      <div class="side">
        {view && <Detail chosen={chosen} view={view} before={now.row} />}
        {isControlled.value && <Publish />}
      </div>
    </div>
  );
};

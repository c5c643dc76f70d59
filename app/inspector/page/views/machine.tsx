import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { clockText, durationText, eventText, shortPath } from '../format.ts';
import { Chart } from '../parts/chart.tsx';
import { JsonTree } from '../parts/json-tree.tsx';
import { Card, StateName } from '../parts/pieces.tsx';
import { SendEvent } from '../parts/control.tsx';
import { actor, isControlled, isFollowing, now, scrubTo, shownTime, source, type ShownActor } from '../store.ts';

const zooms = { least: 0.4, most: 2.5, step: 1.25 } as const;

/** The shown time; the wall's while the page follows what comes. */
const timeNow = (): number => (isFollowing.value ? Math.max(now.value, shownTime.value) : shownTime.value);

const Fact = ({ name, children }: { name: string; children: ComponentChildren }) => (
  <div class="fact">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const pathOf = (chosen: ShownActor): string => chosen.chart.valueOf(chosen.state.value).leaves.slice(0, 1).join('');

const Now = ({ chosen }: { chosen: ShownActor }) => {
  const { state, chart } = chosen;
  const { tag } = chart.valueOf(state.value);
  const { event, edges, edgesRow } = state;
  const rows = source.value?.rows;
  const sender = event && source.value?.actors[event.from]?.path;
  return (
    <Card title="Now">
      <dl class="facts">
        <Fact name="State">
          <StateName tag={tag}>{pathOf(chosen) || 'unknown'}</StateName>
          {state.status !== 'active' && <span class="dim"> ({state.status})</span>}
        </Fact>
        <Fact name="For">{durationText(Math.max(0, timeNow() - state.since))}</Fact>
        {event && (
          <Fact name="Last event">
            <button type="button" class="link" onClick={() => scrubTo(event.at)}>
              {eventText(event.type)}
            </button>
            <span class="dim">
              {' '}
              {clockText(event.at)}
              {sender !== undefined && `, from ${shortPath(sender)}`}
            </span>
          </Fact>
        )}
        {edges.length > 0 && rows && (
          <Fact name="Last transition">
            {edges.map((edge) => (
              <code key={edge}>{edge.replace('>', ' → ')}</code>
            ))}
            <span class="dim">{clockText(rows.atOf(edgesRow))}</span>
          </Fact>
        )}
        {state.skipped > 0 && <Fact name="Sampled">{state.skipped} events have no line of their own</Fact>}
      </dl>
      {event?.fields !== undefined && <JsonTree name="fields" value={event.fields} isOpen />}
    </Card>
  );
};

const Timers = ({ chosen: { state } }: { chosen: ShownActor }) => {
  if (state.due.length === 0) return null;
  const time = timeNow();
  return (
    <Card title="Timers">
      <ul class="timers">
        {state.due.map(([event, at]) => (
          <li key={event}>
            <span>{eventText(event)}</span>
            <b>{at > time ? `in ${durationText(at - time)}` : 'due'}</b>
          </li>
        ))}
      </ul>
    </Card>
  );
};

const Context = ({ chosen: { state } }: { chosen: ShownActor }) => {
  const keys = Object.keys(state.context);
  return (
    <Card title="Context" note={state.changed.length > 0 ? `${state.changed.length} changed` : undefined}>
      {keys.length === 0 ? (
        <p class="empty">It has no data.</p>
      ) : (
        <div class="tree">
          {keys.map((key) => (
            <JsonTree key={key} name={key} value={state.context[key] ?? null} isChanged={state.changed.includes(key)} />
          ))}
        </div>
      )}
    </Card>
  );
};

const Accepts = ({ chosen: { chart, state } }: { chosen: ShownActor }) => {
  const { events } = chart.valueOf(state.value);
  return (
    <Card title="Accepts now" note={events.length > 0 ? events.length : undefined}>
      {events.length === 0 ? (
        <p class="empty">No event by name.</p>
      ) : (
        <ul class="chips">
          {events.map((event) => (
            <li key={event}>{event}</li>
          ))}
        </ul>
      )}
    </Card>
  );
};

/** A machine at the shown moment: its chart, data, timers and what it would take. */
export const Machine = () => {
  const zoom = useSignal<number>(1);
  const { value: chosen } = actor;
  if (!chosen) return <p class="empty">No machine ran at this moment.</p>;
  const { chart, state, path } = chosen;
  const value = chart.valueOf(state.value);
  const scale = (factor: number) => () => {
    zoom.value = Math.min(zooms.most, Math.max(zooms.least, zoom.value * factor));
  };
  const tools = (
    <div class="tools">
      <button type="button" aria-label="Smaller chart" onClick={scale(1 / zooms.step)}>
        −
      </button>
      <button type="button" aria-label="Larger chart" onClick={scale(zooms.step)}>
        +
      </button>
    </div>
  );
  return (
    <div class="view machine">
      <Card title={shortPath(path)} note={tools} class="chart-card">
        <Chart
          view={chart}
          active={value.active}
          leaves={value.leaves}
          fired={state.edges}
          event={state.event?.type ?? ''}
          zoom={zoom.value}
        />
      </Card>
      <div class="side">
        <Now chosen={chosen} />
        <Timers chosen={chosen} />
        <Context chosen={chosen} />
        <Accepts chosen={chosen} />
        {isControlled.value && <SendEvent chosen={chosen} />}
      </div>
    </div>
  );
};

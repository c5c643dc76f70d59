import { useLayoutEffect, useRef } from 'preact/hooks';
import { actor, actors, chooseActor, moment, view } from '../store.ts';
import { shortPath } from '../format.ts';
import { bringIntoView } from './bring-into-view.ts';
import { StateName } from './pieces.tsx';

/** How deep a machine is below its unit. */
const depthOf = (path: string): number => path.split('/').length - 1;

/** The machines and their states at the shown time. */
export const Machines = () => {
  const list = useRef<HTMLElement>(null);
  useLayoutEffect(() => bringIntoView(list.current?.querySelector('[aria-pressed=true]')), [actor.value?.path]);
  return (
    <nav ref={list} class="machines" aria-label="Machines" data-outbox={moment.value?.figures.outbox ?? 0}>
      <ul>
        {actors.value.map(({ path, state, chart }) => {
          const { name, tag } = chart.valueOf(state.value);
          return (
            <li key={path} class={depthOf(path) > 0 ? 'inner' : ''}>
              <button
                type="button"
                data-actor={path}
                data-value={state.value}
                aria-pressed={actor.value?.path === path}
                onClick={() => {
                  chooseActor(path);
                  if (view.value !== 'Timeline') view.value = 'Machine';
                }}
              >
                <span class="name">{shortPath(path)}</span>
                <StateName tag={tag}>{name === '' ? 'unknown' : name}</StateName>
              </button>
            </li>
          );
        })}
      </ul>
    </nav>
  );
};

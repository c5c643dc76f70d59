import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { inAttribute, svgOf } from '../../../diagram/svg.ts';
import type { Chart as ChartData, ChartState } from '../../../diagram/chart.ts';
import type { Layout } from '../../../diagram/layout.ts';
import type { ChartView } from '../../chart-view.ts';
import { layoutOf } from '../foreign-layouts.ts';
import { useSize } from './use-size.ts';

interface Props {
  readonly view: ChartView;
  readonly active: readonly string[];
  readonly leaves: readonly string[];
  /** Transitions that the last event took, `from>to`. */
  readonly fired: readonly string[];
  /** Type of the last event. */
  readonly event: string;
  /** Size of the picture, as a share of the one that fits. */
  readonly zoom: number;
}

/** Smallest and largest size of a picture that fits by itself. */
const fits = { least: 0.72, most: 1 } as const;
const space = 28;

/** The picture without its own style sheet, which the page's policy forbids: page.css has its rules. */
const pictureOf = (chart: ChartData, layout: Layout): SVGElement => {
  const text = svgOf(chart, layout).replace(/<style>[^]*?<\/style>/, '');
  const picture = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  picture.removeAttribute('width');
  picture.removeAttribute('height');
  return document.importNode(picture, true) as unknown as SVGElement;
};

const pathsOf = (group: Element): string[] => (group.getAttribute('data-paths') ?? '').split(' ');

const isWithin = (inner: string, outer: string): boolean => inner === outer || inner.startsWith(`${outer}.`);

/** Whether a line of the chart is one that was taken: from the same state, to the same or one in it. */
const isFired = (key: string, fired: readonly string[]): boolean => {
  const [from = '', to = ''] = key.split('>');
  return fired.some((one) => {
    const [source = '', target = ''] = one.split('>');
    return source === from && (target === to || isWithin(target, to));
  });
};

const highlight = (picture: SVGElement, { id }: ChartData, { active, leaves, fired, event }: Props): void => {
  for (const group of picture.querySelectorAll('.state')) {
    const paths = pathsOf(group);
    group.classList.toggle(
      'active',
      active.some((path) => paths.includes(inAttribute(path))),
    );
    group.classList.toggle(
      'leaf',
      leaves.some((path) => paths.includes(inAttribute(path))),
    );
  }
  for (const group of picture.querySelectorAll('g.edge')) {
    const key = (group.getAttribute('data-edge') ?? '').slice(id.length + 1);
    const isTaken = isFired(key, fired);
    group.classList.toggle('fired', isTaken);
    if (isTaken) group.parentNode?.append(group);
  }
  for (const text of picture.querySelectorAll('text[data-event]')) {
    const own = text.getAttribute('data-event') ?? '';
    const edge = text.getAttribute('data-edge');
    const isOwn = own !== '' && (own === event || event.startsWith(`${own}.`));
    text.classList.toggle('fired', isOwn && edge !== null && isFired(edge, fired));
  }
};

/** Shows the active states without moving the page itself. */
const reveal = (frame: HTMLElement, picture: SVGElement): void => {
  const [leaf] = picture.querySelectorAll('.state.leaf');
  if (!leaf) return;
  const [inner, outer] = [leaf.getBoundingClientRect(), frame.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom)
    frame.scrollTop += inner.top - outer.top - (outer.height - inner.height) / 2;
  if (inner.left < outer.left || inner.right > outer.right)
    frame.scrollLeft += inner.left - outer.left - (outer.width - inner.width) / 2;
};

const Drawn = (props: Props & { readonly chart: ChartData; readonly layout: Layout }) => {
  const frame = useRef<HTMLDivElement>(null);
  const { chart, layout, zoom } = props;
  const picture = useMemo(() => pictureOf(chart, layout), [chart, layout]);
  useLayoutEffect(() => frame.current?.firstElementChild?.replaceChildren(picture), [picture]);
  const room = useSize(frame, 'clientWidth');
  const fit = Math.min(fits.most, Math.max(fits.least, (room - space) / layout.width));
  const leaves = props.leaves.join(' ');
  useLayoutEffect(() => highlight(picture, chart, props));
  useLayoutEffect(() => {
    if (frame.current) reveal(frame.current, picture);
  }, [picture, leaves, zoom, fit]);
  return (
    <div ref={frame} class="chart scroller" tabIndex={0} role="region" aria-label={`Chart of ${chart.id}`}>
      <div class="picture" style={{ width: `${Math.round(layout.width * zoom * fit)}px` }} />
    </div>
  );
};

const Box = ({ state, props }: { state: ChartState; props: Props }) => {
  const { active, leaves, view } = props;
  const isActive = state.paths.some((path) => active.includes(path));
  const isLeaf = state.paths.some((path) => leaves.includes(path));
  const exits = view.chart?.edges.filter(({ from }) => from === state.path) ?? [];
  return (
    <li class={`state ${state.tags.join(' ')}${isActive ? ' active' : ''}${isLeaf ? ' leaf' : ''}`}>
      <div class="state-name" title={state.description}>
        {state.isFirst && <span class="first-dot" title="entered first" />}
        {state.name}
      </div>
      <ul class="exits">
        {exits.map(({ key, to, labels }) => (
          <li key={key} class={isFired(key, props.fired) ? 'fired' : ''}>
            {labels.map(({ text }) => text).join(', ')} → {to}
          </li>
        ))}
      </ul>
      {state.states.length > 0 && (
        <ul class="boxes">
          {state.states.map((child) => (
            <Box key={child.path} state={child} props={props} />
          ))}
        </ul>
      )}
    </li>
  );
};

/** A statechart at a moment: the laid out picture where there is one, else boxes in boxes. */
export const Chart = (props: Props) => {
  const { chart } = props.view;
  const layout = layoutOf(props.view);
  if (chart && typeof layout === 'object') return <Drawn {...props} chart={chart} layout={layout} />;
  if (!chart) return <p class="empty">The chart of this machine is not in the recording.</p>;
  return (
    <div class="chart scroller" tabIndex={0} role="region" aria-label={`Chart of ${chart.id}`}>
      <ul class="boxes outer" data-layout={layout}>
        {chart.root.states.map((state) => (
          <Box key={state.path} state={state} props={props} />
        ))}
      </ul>
    </div>
  );
};

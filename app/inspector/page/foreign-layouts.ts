import { signal, type Signal } from '@preact/signals';
import { anyLayout } from '../../diagram/elk/any-layout.ts';
import type { Chart } from '../../diagram/chart.ts';
import type { Engine } from '../../diagram/elk/way.ts';
import type { Layout } from '../../diagram/layout.ts';
import type { ChartView } from '../chart-view.ts';
import { startEngine } from './engine.ts';

/** Whether the inspector serves an engine that lays charts out. */
export const hasEngine = signal(false);

let engine: Engine | undefined;

type Outcome = Layout | 'pending' | 'failed';

const outcomes = new WeakMap<Chart, Signal<Outcome>>();

const begin = (chart: Chart): Signal<Outcome> => {
  const outcome = signal<Outcome>('pending');
  outcomes.set(chart, outcome);
  engine ??= startEngine();
  anyLayout(chart, engine).then(
    (layout) => (outcome.value = layout),
    () => (outcome.value = 'failed'),
  );
  return outcome;
};

/** Where everything of a chart stands: known, or as far as the engine is with it; `undefined` where there is none. */
export const layoutOf = ({ chart, layout }: ChartView): Outcome | undefined => {
  if (layout || !chart || !hasEngine.value) return layout;
  return (outcomes.get(chart) ?? begin(chart)).value;
};

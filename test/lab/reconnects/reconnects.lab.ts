import { expect, test } from 'vitest';
import { fleetJitterMs, jitterWindowOf } from '../../../app/messaging/jitter-window.ts';
import { platformLimit, simulate, type Return, type Scenario } from './simulate.ts';

/** A scenario that was simulated. */
export interface Simulated extends Scenario, Return {
  readonly name: string;
}

declare module 'vitest' {
  interface TaskMeta {
    fleet?: Simulated;
  }
}

const fleet = { units: 1000, spreadMs: fleetJitterMs, seed: 1 };
const losing = { ...fleet, begins: 'loss' as const };
const starting = { ...fleet, begins: 'start' as const, downMs: 0, mostPerSecond: platformLimit };

/** What is expected: that no second is too crowded, that only the first is, that only some are, or nothing. */
type Courtesy = 'always' | 'but for the first second' | 'after half a minute' | 'never';

const scenarios: readonly (Scenario & { name: string; courtesy: Courtesy })[] = [
  { name: 'broker away for 0.3 s', ...losing, downMs: 300, courtesy: 'always' },
  { name: 'broker away for 60 s', ...losing, downMs: 60_000, courtesy: 'always' },
  { name: 'broker away for 10 min', ...losing, downMs: 600_000, courtesy: 'always' },
  { name: 'broker away for 0.3 s, takes 20 a second', ...losing, downMs: 300, mostPerSecond: 20, courtesy: 'always' },
  {
    name: 'in a private network',
    ...losing,
    units: 60,
    spreadMs: jitterWindowOf('mqtt://10.0.0.1'),
    downMs: 300,
    courtesy: 'always',
  },
  {
    name: 'started at once, the broker takes 20 a second and says so to the others',
    ...starting,
    excess: 'quota',
    courtesy: 'but for the first second',
  },
  {
    name: 'started at once, the broker takes 20 a second and closes the others',
    ...starting,
    excess: 'closed',
    courtesy: 'but for the first second',
  },
  {
    name: 'started at once, the broker takes 20 a second and ignores the others',
    ...starting,
    excess: 'timeout',
    courtesy: 'but for the first second',
  },
  {
    name: 'started at once, the broker there after 10 s, takes 20 a second and ignores the others',
    ...starting,
    downMs: 10_000,
    excess: 'timeout',
    courtesy: 'after half a minute',
  },
  {
    name: 'started at once, the broker there after 10 min, takes 20 a second and ignores the others',
    ...starting,
    downMs: 600_000,
    excess: 'timeout',
    courtesy: 'always',
  },
  { name: 'for comparison, no spread', ...losing, spreadMs: 0, downMs: 300, courtesy: 'never' },
  {
    name: 'for comparison, no spread, takes 20 a second',
    ...losing,
    spreadMs: 0,
    downMs: 300,
    mostPerSecond: 20,
    courtesy: 'never',
  },
  {
    name: 'for comparison, no spread, started at once, the broker takes 20 a second and ignores the others',
    ...starting,
    spreadMs: 0,
    excess: 'timeout',
    courtesy: 'never',
  },
];

const isKept = (courtesy: Courtesy, { crowded, mostLater }: Return): boolean => {
  if (courtesy === 'always') return crowded === 0;
  if (courtesy === 'but for the first second') return crowded === 1 && mostLater < platformLimit;
  if (courtesy === 'after half a minute') return crowded <= 30;
  return crowded > 1;
};

test.for(scenarios)('$name', { timeout: 120_000 }, ({ name, courtesy, ...scenario }, { task }) => {
  const back = simulate(scenario);
  task.meta.fleet = { name, ...scenario, ...back };
  expect(isKept(courtesy, back)).toBe(true);
});

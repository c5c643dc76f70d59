import { expect, test } from 'vitest';
import { fleetSpreadMs, spreadOf } from '../../app/plane/spread.ts';
import { simulate, type Return, type Scenario } from './simulate.ts';

/** A scenario that was simulated. */
export interface Simulated extends Scenario, Return {
  readonly name: string;
}

declare module 'vitest' {
  interface TaskMeta {
    fleet?: Simulated;
  }
}

const fleet = { units: 1000, spreadMs: fleetSpreadMs, seed: 1 };

const scenarios: readonly (Scenario & { name: string; isCourteous: boolean })[] = [
  { name: 'broker away for 0.3 s', ...fleet, downMs: 300, isCourteous: true },
  { name: 'broker away for 60 s', ...fleet, downMs: 60_000, isCourteous: true },
  { name: 'broker away for 10 min', ...fleet, downMs: 600_000, isCourteous: true },
  { name: 'broker away for 0.3 s, takes 20 a second', ...fleet, downMs: 300, mostPerSecond: 20, isCourteous: true },
  {
    name: 'in a private network',
    ...fleet,
    units: 60,
    spreadMs: spreadOf('mqtt://10.0.0.1'),
    downMs: 300,
    isCourteous: true,
  },
  { name: 'for comparison, no spread', ...fleet, spreadMs: 0, downMs: 300, isCourteous: false },
  {
    name: 'for comparison, no spread, takes 20 a second',
    ...fleet,
    spreadMs: 0,
    downMs: 300,
    mostPerSecond: 20,
    isCourteous: false,
  },
];

test.for(scenarios)('$name', { timeout: 120_000 }, ({ name, isCourteous, ...scenario }, { task }) => {
  const back = simulate(scenario);
  task.meta.fleet = { name, ...scenario, ...back };
  expect(back.most < 20).toBe(isCourteous);
});

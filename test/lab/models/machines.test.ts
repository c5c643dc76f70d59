import { StateMachine } from 'xstate';
import { describe, expect, test } from 'vitest';
import * as exported from '../../../machines/index.ts';
import { models } from './all.ts';
import { declaredStates } from '../../../app/testing/walk/chart.ts';
import type { MachineModel } from './model.ts';
import type { Coverage } from './coverage.ts';
import { tables } from './tables/all.ts';
import { walk } from './walk.ts';

declare module 'vitest' {
  interface TaskMeta {
    coverage?: Coverage;
  }
}

test('every machine has a table or a model', () => {
  const machines = Object.values(exported).flatMap((value) => (value instanceof StateMachine ? [value.id] : []));
  expect(new Set([...models, ...tables].map(({ machine }) => machine.id))).toEqual(new Set(machines));
});

describe.each(models.map((model): [string, MachineModel] => [model.machine.id, model]))('%s', (_, model) => {
  test('has a model of all it accepts and of each of its states', () => {
    const named = model.machine.events.filter((type: string) => type !== '*' && !type.startsWith('xstate.'));
    const own = [...named, ...(model.wildcards ?? [])];
    const said = Object.values(model.says ?? {}).flat();
    const modelled = new Set([...model.events, ...said].map(({ type }) => type));
    expect(own.filter((type) => !modelled.has(type))).toEqual([]);
    expect(Object.keys(model.invariants).toSorted()).toEqual(declaredStates(model.machine).toSorted());
  });

  test('goes where its model goes, through every state and transition', ({ task }) => {
    const coverage = walk(model);
    task.meta.coverage = coverage;
    expect(coverage).toMatchObject({ missedStates: [], missedTransitions: [] });
  });
});

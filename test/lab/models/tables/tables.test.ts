import { describe, expect, test } from 'vitest';
import { declaredStates } from '../../../../app/testing/walk/chart.ts';
import { tables } from './all.ts';
import { walkTable } from './walk.ts';

describe.each(tables.map((table) => [table.machine.id, table] as const))('%s', (_, table) => {
  test('has a table of all it accepts and of each of its states', () => {
    const { machine, states, events, says = {} } = table;
    const named = new Set([...events, ...Object.values(says).flat()].map(({ type }) => type));
    const accepted: string[] = machine.events.filter((type: string) => !type.startsWith('xstate.'));
    expect(accepted.filter((type) => !named.has(type))).toEqual([]);
    expect(Object.keys(states).toSorted()).toEqual(declaredStates(machine).toSorted());
  });

  test('does what its table says, line by line', ({ task }) => {
    const walked = walkTable(table);
    task.meta.coverage = walked;
    expect(walked).toMatchObject({ missedStates: [], missedTransitions: [], missedLines: [] });
  });
});

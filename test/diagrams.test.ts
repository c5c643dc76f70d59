import { expect, test } from 'vitest';
import { StateMachine, type AnyStateMachine } from 'xstate';
import * as exported from '../machines/index.ts';
import { routes } from '../machines/unit/routing.ts';
import { draw } from './diagrams/draw.ts';
import { jsonOf, sourceOf } from './diagrams/export.ts';
import { drawRouting, routingsOf } from './diagrams/routing.ts';
import { tableOf } from './diagrams/table.ts';
import { fileNameOf } from './support/machine-names.ts';

const isMachine = (value: unknown): value is AnyStateMachine => value instanceof StateMachine;

const machines = Object.values(exported).filter(isMachine);

// `npm run diagrams` makes all of them anew.
test.each(machines)('the diagram of $id shows the machine as it is (X12)', async (machine) => {
  const drawn = await draw(machine);
  expect(await draw(machine)).toBe(drawn);
  await expect(drawn).toMatchFileSnapshot(`../docs/charts/${fileNameOf(machine)}.svg`);
});

test.each(machines)('the chart of $id as data and as a program is the machine as it is (X12)', async (machine) => {
  await expect(await jsonOf(machine)).toMatchFileSnapshot(`../docs/charts/${fileNameOf(machine)}.json`);
  await expect(await sourceOf(machine)).toMatchFileSnapshot(`../docs/charts/${fileNameOf(machine)}.ts`);
});

test('the table of the machines shows them as they are (X12)', () =>
  expect(tableOf(machines)).toMatchFileSnapshot('../docs/machines.md'));

test('the picture of who tells whom shows the routes of the unit as they are (X12)', async () => {
  const { unitMachine } = exported;
  await expect(await drawRouting(unitMachine)).toMatchFileSnapshot('../docs/charts/routing.svg');
  const used = new Set(routingsOf(unitMachine).map(({ route }) => route));
  expect(used).toEqual(new Set([...Object.keys(routes), 'initial messages']));
});

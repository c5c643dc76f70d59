import { beforeAll, describe, expect, test } from 'vitest';
import { jsonOf, sourceOf } from '../app/diagram/export.ts';
import type { Layout } from '../app/diagram/layout.ts';
import { chartOfMachine, ownMachines as machines } from '../app/diagram/own.ts';
import { svgOf } from '../app/diagram/svg.ts';
import { unitMachine } from '../machines/index.ts';
import { routes } from '../machines/unit/routing.ts';
import { layoutsSource, overviewLayout, ownLayouts } from './diagrams/layouts.ts';
import { overviewOf } from './diagrams/overview.ts';
import { drawRouting } from './diagrams/draw-routing.ts';
import { routingChartOf, routingsOf } from './diagrams/routing.ts';
import { tableOf } from './diagrams/table.ts';
import { fileNameOf } from './support/machine-names.ts';

let drawn: Readonly<Record<string, Layout>>;
beforeAll(async () => {
  drawn = await ownLayouts();
});

const layoutOf = ({ id }: { readonly id: string }): Layout => {
  const { [id]: layout } = drawn;
  if (!layout) throw new Error(`${id} has no layout`);
  return layout;
};

// `npm run diagrams` makes all of them anew.
describe('where the charts of the machines stand', () => {
  test('is what the package ships (X12)', async () => {
    await expect(layoutsSource(drawn)).toMatchFileSnapshot('../app/diagram/layouts.ts');
  });
});

test.each(machines)('the diagram of $id shows the machine as it is (X12)', async (machine) => {
  const picture = svgOf(chartOfMachine(machine), layoutOf(machine));
  await expect(picture).toMatchFileSnapshot(`../docs/charts/${fileNameOf(machine)}.svg`);
});

test('the overview shows the machines as they are (X12)', async () => {
  const chart = overviewOf();
  await expect(svgOf(chart, await overviewLayout(chart))).toMatchFileSnapshot('../docs/charts/overview.svg');
});

test.each(machines)('the chart of $id as data and as a program is the machine as it is (X12)', async (machine) => {
  await expect(jsonOf(machine)).toMatchFileSnapshot(`../docs/charts/${fileNameOf(machine)}.json`);
  await expect(sourceOf(machine)).toMatchFileSnapshot(`../docs/charts/${fileNameOf(machine)}.ts`);
});

test('the table of the machines shows them as they are (X12)', () =>
  expect(tableOf(machines)).toMatchFileSnapshot('../docs/machines.md'));

test('the picture of who tells whom shows the routes of the unit as they are (X12)', async () => {
  await expect(await drawRouting(routingChartOf(unitMachine))).toMatchFileSnapshot('../docs/charts/routing.svg');
  const used = new Set(routingsOf(unitMachine).map(({ route }) => route));
  expect(used).toEqual(new Set([...Object.keys(routes), 'initial messages']));
});

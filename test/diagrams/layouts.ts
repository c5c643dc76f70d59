import type { Chart } from '../../app/diagram/chart.ts';
import type { Layout } from '../../app/diagram/layout.ts';
import { chartOfMachine, ownMachines } from '../../app/diagram/own.ts';
import type { Way } from '../../app/diagram/elk/way.ts';
import { layoutOf } from './layout.ts';
import ways from './ways.json' with { type: 'json' };

const waysOf = (id: string): readonly Way[] => (ways as Readonly<Record<string, Way[]>>)[id] ?? [];

/** Where everything of the overview stands. */
export const overviewLayout = (chart: Chart): Promise<Layout> => layoutOf(chart, waysOf(chart.id));

/** Where everything of each machine's chart stands. */
export const ownLayouts = async (): Promise<Record<string, Layout>> => {
  const entries = await Promise.all(
    ownMachines.map(async (machine): Promise<[string, Layout]> => [
      machine.id,
      await layoutOf(chartOfMachine(machine), waysOf(machine.id)),
    ]),
  );
  return Object.fromEntries(entries);
};

/** The module that the package takes its layouts from. */
export const layoutsSource = (layouts: Readonly<Record<string, Layout>>): string => {
  const entries = Object.entries(layouts).map(([id, { width, height, states, panels, edges }]) => {
    const members = Object.entries({ width, height, states, panels, edges });
    return `  ${JSON.stringify(id)}: {\n${members.map(([name, value]) => `    ${name}: ${JSON.stringify(value)},\n`).join('')}  },\n`;
  });
  return `/** Made by \`npm run diagrams\`, as the engine that lays charts out is too large to ship. */
import type { Layout } from './layout.ts';

/** Where everything of each machine's chart stands, by the machine's id. */
export const layouts: Readonly<Record<string, Layout>> = {
${entries.join('')}};
`;
};

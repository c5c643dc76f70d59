/** Chooses how the machines' charts are laid out, and writes it down for the tests, which lay them out in that way. */
import { writeFile } from 'node:fs/promises';
import { chartOfMachine, ownMachines } from '../../app/diagram/own.ts';
import { waysFor } from './choose.ts';
import { overviewOf } from './overview.ts';

const chosen: [string, unknown][] = [];
for (const machine of ownMachines) chosen.push([machine.id, await waysFor(chartOfMachine(machine))]);
chosen.push(['overview', await waysFor(overviewOf())]);
const text = JSON.stringify(Object.fromEntries(chosen), null, 2);
await writeFile(new URL('ways.json', import.meta.url), `${text}\n`);

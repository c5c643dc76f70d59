/** `npm run sizes`: what the parts of the package weigh, each against its budget; `--json` prints the figures alone. */
import { parseArgs } from 'node:util';
import { overBudget, sizeOf, subjects, type Size } from './measure.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });

const kB = (bytes: number): string => (bytes / 1_000).toFixed(1).padStart(7);

const line = ({ name, about, minified, gzipped, budget }: Size): string =>
  `${name.padEnd(15)} ${kB(minified)} ${kB(gzipped)} ${kB(budget)}  ${about}`;

const sizes: Size[] = [];
for (const subject of subjects) sizes.push(await sizeOf(subject));
const over = overBudget(sizes);

if (values.json) console.log(JSON.stringify(sizes));
else {
  console.log('kB             minified    gzip  budget');
  for (const size of sizes) console.log(line(size));
}
for (const { name, gzipped, budget } of over)
  console.error(`${name} is over its budget: ${gzipped} of ${budget} bytes gzipped`);
process.exitCode = over.length > 0 ? 1 : 0;

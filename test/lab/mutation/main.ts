/** Runs the tests of the machines against faults in their charts and functions: `npm run mutation -- --help`. */
import { availableParallelism } from 'node:os';
import { isEquivalent } from './equivalent.ts';
import { allMutants, sampleOf } from './mutants.ts';
import { summaryOf, survivorText } from './report.ts';
import { tryMutants } from './trial.ts';

/** Share of the mutants that the tests have to notice. */
const goodScore = 0.95;

const { LAB_ONLY = '', LAB_MUTANTS = '1000', LAB_SEED = '1' } = process.env;

const began = performance.now();
const named = allMutants().filter(({ file }) => file.includes(LAB_ONLY));
const tried = named.filter((mutant) => !isEquivalent(mutant));
const chosen = LAB_MUTANTS === 'all' ? tried : sampleOf(tried, Number(LAB_MUTANTS), Number(LAB_SEED));
console.log(`${chosen.length} of ${tried.length} mutants, beside ${named.length - tried.length} equivalent ones`);

let done = 0;
const verdicts = await tryMutants(chosen, {
  lanes: availableParallelism(),
  onVerdict: ({ mutant, fate }) => {
    done += 1;
    if (fate === 'survived') console.log(survivorText(mutant));
    if (done % 100 === 0) console.log(`${done} of ${chosen.length}`);
  },
});

const summary = summaryOf(verdicts, named.length - tried.length, (performance.now() - began) / 1000);
console.log(JSON.stringify(summary));
process.exitCode = summary.score >= goodScore ? 0 : 1;

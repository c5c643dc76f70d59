import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordPlanted, recordSecrets, recordVariable, sinks, type Sink } from './record.ts';
import { formsOf, searchFor } from './search.ts';

/** A secret that each sink is made to show in each form: a search that misses one of them is worth nothing. */
const planted = 'Planted "CANARY" >>>???>>>???>>>???';

const readLines = async <T>(folder: string, name: string): Promise<T[]> => {
  const files = (await readdir(folder)).filter((file) => file.startsWith(`${name}-`));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== '')).map((line) => JSON.parse(line) as T);
};

interface Shown {
  readonly sink: Sink;
  readonly text: string;
}

const textsOf = (all: readonly Shown[], sink: Sink): string[] =>
  all.filter((one) => one.sink === sink).map(({ text }) => text);

/** Whether every test runs: nobody named files or titles. */
const isWhole = (): boolean =>
  process.argv.slice(2).every((word) => word === 'run' || /^--reporter=|^--bail/.test(word));

const search = async (folder: string): Promise<void> => {
  const secrets = await readLines<string>(folder, 'secrets');
  const shown = await readLines<Shown>(folder, 'shown');
  const plants = await readLines<Shown>(folder, 'planted');
  const leaksIn = searchFor(secrets);
  const faults: string[] = [];
  const known = new Set<string>();
  for (const sink of sinks) {
    const texts = textsOf(shown, sink);
    const found = new Set(
      textsOf(plants, sink)
        .flatMap(leaksIn)
        .map(({ encoding }) => encoding),
    );
    const missed = formsOf(planted).filter(([encoding]) => !found.has(encoding));
    if (missed.length > 0) faults.push(`the search of "${sink}" misses what was planted: ${missed.join(', ')}`);
    if (isWhole() && texts.length === 0) faults.push(`nothing of "${sink}" was kept`);
    for (const { encoding, secret, around } of texts.flatMap(leaksIn)) {
      const leak = `"${sink}" shows ${secret}… (${encoding}): ${JSON.stringify(around)}`;
      if (!known.has(leak)) faults.push(leak);
      known.add(leak);
    }
  }
  if (isWhole() && secrets.length < 100) faults.push(`only ${secrets.length} secrets were kept`);
  if (faults.length === 0) return;
  // An error alone would leave the run green.
  process.exitCode = 1;
  throw new Error(`Secrets after the last test:\n${faults.slice(0, 30).join('\n')}`);
};

/** Keeps what the tests show, and searches it for secrets after the last test (C1). Runs once for all projects. */
export const setup = async (): Promise<(() => Promise<void>) | undefined> => {
  if (process.env[recordVariable] !== undefined) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-shown-'));
  process.env[recordVariable] = folder;
  recordSecrets([planted]);
  const everyForm = formsOf(planted).map(([, form]) => form);
  for (const sink of sinks) recordPlanted(sink, everyForm.join(' '));
  return async () => {
    delete process.env[recordVariable];
    try {
      await search(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
};

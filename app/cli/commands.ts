import type { Run } from './command.ts';

/** One command of `pepeunit`; `load` imports its code only when it is called. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Run>;
}

/** All commands, in the order of `pepeunit --help`. */
export const commands: readonly Command[] = [
  {
    name: 'run',
    summary: 'Supervise a unit: start, restart, try new versions, roll back',
    load: async () => (await import('./run.ts')).runCommand,
  },
  {
    name: 'demo',
    summary: 'Watch two units live against an embedded Pepeunit',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  {
    name: 'instance',
    summary: 'Run an embedded Pepeunit for development',
    load: async () => (await import('./instance.ts')).instanceCommand,
  },
  {
    name: 'init',
    summary: 'Write a first unit into a folder',
    load: async () => (await import('./init.ts')).initCommand,
  },
  {
    name: 'types',
    summary: 'Print a TypeScript interface of env_example.json',
    load: async () => (await import('./types.ts')).typesCommand,
  },
  {
    name: 'doctor',
    summary: "Check a unit's files, broker, REST API and clock",
    load: async () => (await import('./doctor/doctor.ts')).doctorCommand,
  },
  {
    name: 'pack',
    summary: "Pack a unit's program, and sign it",
    load: async () => (await import('./pack.ts')).packCommand,
  },
  {
    name: 'log',
    summary: "Show a unit's log.json",
    load: async () => (await import('./log.ts')).logCommand,
  },
  {
    name: 'publish',
    summary: 'Publish one message as a unit',
    load: async () => (await import('./publish.ts')).publishCommand,
  },
];

/** Levenshtein distance: the letters to add, drop or change to turn one word into the other. */
const distance = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(from).entries()) {
    const next = [i + 1];
    for (const [j, wanted] of Array.from(to).entries()) {
      const changed = (row[j] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
};

/** Finds the known word closest to the one given; `undefined` when none is close. */
export const suggest = (given: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((word) => ({ word, letters: distance(given.toLowerCase(), word) }))
    .toSorted((a, b) => a.letters - b.letters);
  const [best] = ranked;
  return best && best.letters <= Math.max(1, Math.floor(best.word.length / 2)) ? best.word : undefined;
};

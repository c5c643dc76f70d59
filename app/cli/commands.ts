import type { CommandEntry } from './command.ts';

/** All commands, in the order of `pepeunit --help` and of the README. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'Supervise a unit: start, restart, try new versions, roll back',
    load: async () => (await import('./run.ts')).runCommand,
  },
  {
    name: 'dev',
    summary: 'Run a unit against an embedded Pepeunit, again on each change',
    load: async () => (await import('./dev.ts')).devCommand,
  },
  {
    name: 'init',
    summary: 'Make a folder the repository of a unit',
    load: async () => (await import('./init.ts')).initCommand,
  },
  {
    name: 'types',
    summary: "Write the types of a unit's variables and topic keys",
    load: async () => (await import('./types.ts')).typesCommand,
  },
  {
    name: 'readme',
    summary: 'Write readme.md from pepeunit.toml',
    load: async () => (await import('./readme.ts')).readmeCommand,
  },
  {
    name: 'doctor',
    summary: "Check a unit's files, broker, REST API and clock",
    load: async () => (await import('./doctor/doctor.ts')).doctorCommand,
  },
  {
    name: 'inspect',
    summary: 'Watch units, or a recording of them, in a page',
    load: async () => (await import('./inspect.ts')).inspectCommand,
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
  {
    name: 'pack',
    summary: "Pack a unit's program, and sign it",
    load: async () => (await import('./pack.ts')).packCommand,
  },
  {
    name: 'instance',
    summary: 'Run an embedded Pepeunit for development',
    load: async () => (await import('./instance.ts')).instanceCommand,
  },
  {
    name: 'demo',
    summary: 'Watch two units live against an embedded Pepeunit',
    load: async () => (await import('./demo.ts')).demoCommand,
  },
  {
    name: 'diagram',
    summary: 'Print a statechart of the unit: SVG, Mermaid, JSON, TypeScript',
    load: async () => (await import('./diagram.ts')).diagramCommand,
  },
  {
    name: 'completion',
    summary: 'Print a script that completes commands in a shell',
    load: async () => (await import('./completion/completion.ts')).completionCommand(commands),
  },
];

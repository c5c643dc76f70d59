import type { Subject } from './subject.ts';

/** What can happen to a unit, each with as many choices as it likes: a number says which. */
export type Steps = Readonly<Record<string, (subject: Subject, choice: number) => unknown>>;

/** The option that a choice stands for. */
export const of = <T>(options: readonly T[], choice: number): T => options[choice % options.length] as T;

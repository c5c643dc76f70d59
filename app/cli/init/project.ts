/** Language of a unit's program; `checkedJavascript` has its JSDoc types checked by the compiler of TypeScript. */
export type Language = 'javascript' | 'checkedJavascript' | 'typescript';

/** Who makes a unit, as far as git knows. */
export interface Author {
  readonly name?: string;
  readonly email?: string;
}

/** What the files of a new unit are written for. */
export interface Project {
  /** The unit's name for people. */
  readonly title: string;
  readonly language: Language;
  /** Of the program's files: modules of ECMAScript, whatever the package says of its other files. */
  readonly extension: 'js' | 'mjs' | 'ts' | 'mts';
  readonly author: Author;
  readonly year: number;
  /** Of the package, as its package.json says. */
  readonly licence: string;
  /** Version of the unit, as its package.json says. */
  readonly version: string;
}

/** Oldest Node that a program runs on. */
export const oldestNode = (language: Language): string => (language === 'typescript' ? '22.18.0' : '20.19.0');

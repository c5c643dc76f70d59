import { printStatus, printStatusJson } from '../terminal/output.ts';

/** Tells of something besides the result of a command, on standard error. */
export type Note = (message: string) => void;

/** Creates the notes of a command: lines, or lines of JSON where its result is JSON. */
export const notesOf = (command: string, { json = false }: { readonly json?: boolean }): Note =>
  json
    ? (message) => printStatusJson({ type: 'note', message })
    : (message) => printStatus(`pepeunit ${command}: ${message}`);

import { shownValue } from './shown-value.ts';

const maxLength = 200;

/**
 * What to say of an adapter that gave something else than its port promises.
 *
 * @param method What was called, such as `status()`.
 * @param adapter Name of the adapter, as in the option `adapters`.
 * @param wanted What it must give.
 */
export const wrongAnswer = (method: string, adapter: string, given: unknown, wanted: string): string => {
  const shown = shownValue(given);
  const short = shown.length > maxLength ? `${shown.slice(0, maxLength)}…` : shown;
  return `${method} of the ${adapter} adapter gave ${short}. It must give ${wanted}. Correct the adapter.`;
};

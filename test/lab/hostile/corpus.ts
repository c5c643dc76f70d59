import { blocks } from './corpus-blocks.ts';
import { bombs } from './corpus-bombs.ts';
import { hostNames, names } from './corpus-names.ts';
import { streams } from './corpus-streams.ts';
import type { Specimen } from './specimen.ts';

/** Archives that have to be refused, made by code and the same each time. */
export const corpus: readonly Specimen[] = [...names, ...hostNames, ...blocks, ...streams, ...bombs];

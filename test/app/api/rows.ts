import type { LiveUnit } from '../../support/live-unit.ts';

/** For each member of the public surface, what a user does with it. */
export type Rows = Readonly<Record<string, (live: LiveUnit) => Promise<void> | void>>;

export const inputNode = ({ row }: LiveUnit): string => row.unit_nodes.find(({ type }) => type === 'Input')?.uuid ?? '';
export const outputNode = ({ row }: LiveUnit): string =>
  row.unit_nodes.find(({ type }) => type === 'Output')?.uuid ?? '';

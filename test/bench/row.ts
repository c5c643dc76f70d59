import type { Peer } from './peer.ts';
import type { RowHead, RowResult } from './result.ts';

/** How a run was asked for. */
export interface Run {
  readonly peer: Peer;
  readonly pairs: number;
  /** Whether only to show that it works. */
  readonly quick: boolean;
  /** MQTT level of both clients: 4 or 5. */
  readonly protocol: number;
  /** More options of each unit. */
  readonly options: object;
}

/** Rows of the table that are measured together. */
export interface Row {
  readonly heads: readonly RowHead[];
  /** Measures them. @returns A result for each head. */
  run(run: Run): Promise<RowResult[]>;
}

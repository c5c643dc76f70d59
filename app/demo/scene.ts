import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Instance } from '../instance/index.ts';
import type { Cast } from './cast.ts';
import type { OperatorApi } from './operator-api.ts';
import type { Stage } from './stage.ts';
import type { CommandName } from './tally.ts';

/** What the script is played with. */
export interface Scene {
  readonly instance: Instance;
  readonly operator: OperatorApi;
  readonly stage: Stage;
  readonly cast: Cast;
}

/** One thing that the operator does. */
export interface Step {
  /** The command that it is a test of. */
  readonly command?: CommandName;
  readonly says: string;
  /** Does it and waits for its effect. @returns The effect. @throws The signal's reason. */
  act(scene: Scene, signal: AbortSignal): Promise<string>;
}

/** A text file of a unit's folder; `''` while there is none. */
export const textOf = (folder: string, name: string): Promise<string> =>
  readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });

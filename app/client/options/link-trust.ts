import type { UpdateSetup } from '../../platform.ts';

/** Whether a compiled unit takes its program from any host, unsigned. */
export const hasUnguardedLinks = ({ program, trustKey, hosts }: UpdateSetup): boolean =>
  program !== undefined && trustKey === undefined && hosts === undefined;

/** What unguarded links mean, for the log and `pepeunit doctor`. */
export const unguardedLinks =
  'Programs are taken from any host, unsigned: whoever can change an update command, such as on the way from a broker ' +
  'without TLS, can replace the program. Set update.trustKey or update.hosts; a #sha256= in the link guards the ' +
  'download alone.';

/** Builds `dist/` as rolldown.config.ts says; Rolldown's own command would list every file. */
import { build } from 'rolldown';
import { loadConfig } from 'rolldown/config';

// In order: the first empties the folder.
for (const options of await loadConfig('rolldown.config.ts')) await build(options);

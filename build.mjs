/** Builds `dist/` as rolldown.config.ts says; Rolldown's own command would list every file. */
const beganAt = performance.now();
process.stderr.write('Building dist/ … ');

const { build } = await import('rolldown');
const { loadConfig } = await import('rolldown/config');

// In order: the first empties the folder.
for (const options of await loadConfig('rolldown.config.ts')) await build(options);
process.stderr.write(`done in ${((performance.now() - beganAt) / 1000).toFixed(1)} s\n`);

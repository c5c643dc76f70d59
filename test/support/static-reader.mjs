/**
 * Prints what Stately's importer reads in files of statecharts, without running them: for each file the configs of its
 * machines. `node static-reader.mjs FOLDER FILE …`, where FOLDER has the importer installed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [folder, ...files] = process.argv.slice(2);
const { extractMachinesFromFile } = createRequire(join(folder, 'package.json'))('@xstate/machine-extractor');

// It warns of each function, which it can not read.
console.warn = () => undefined;

const configsIn = (file) =>
  (extractMachinesFromFile(readFileSync(file, 'utf8'))?.machines ?? []).map((machine) => machine.toConfig());

process.stdout.write(JSON.stringify(files.map(configsIn)));

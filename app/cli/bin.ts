#!/usr/bin/env node
/** What `pepeunit` runs first. It imports nothing that an older Node can't load, to be able to say that it is one. */
import { createRequire } from 'node:module';

const { engines } = createRequire(import.meta.url)('pepeunit-client/package.json') as { engines: { node: string } };
const oldest = engines.node.replace('>=', '');
const { node: current } = process.versions;

const rank = (version: string): number =>
  version
    .split('.', 3)
    .map((part) => Number.parseInt(part, 10))
    .reduce((sum, part) => sum * 1000 + part, 0);

if (rank(current) < rank(oldest)) {
  process.stderr.write(
    `pepeunit: Node ${current} is too old. Install Node ${oldest} or newer: https://nodejs.org/en/download\n`,
  );
  process.exitCode = 1;
} else {
  await import('./main.ts');
}

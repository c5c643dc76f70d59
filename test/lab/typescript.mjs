/** Lets older Nodes run TypeScript, for labs that are no tests: `node --import ./test/lab/typescript.mjs FILE`. */
import { register } from 'node:module';

/** The first Node that strips types and knows `using`. */
const firstThatCan = 24;

const [major = 0] = process.versions.node.split('.').map(Number);
if (major < firstThatCan) register('./typescript-hooks.mjs', import.meta.url);

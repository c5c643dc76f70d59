/** Lets Node 20 run TypeScript, for labs that are no tests: `node --import ./test/lab/typescript.mjs FILE`. */
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);

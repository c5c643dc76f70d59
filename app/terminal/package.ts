import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const manifestPath = require.resolve('pepeunit-client/package.json');
const manifest = require(manifestPath) as {
  name: string;
  version: string;
  optionalDependencies: Readonly<Record<string, string>>;
  engines: { readonly node: string };
};

/** Name, version and folder of this package. */
export const thisPackage = {
  name: manifest.name,
  version: manifest.version,
  folder: dirname(manifestPath),
  /** Range of the versions of Node that it runs on. */
  node: manifest.engines.node,
  /** Ranges of the packages that a unit runs without. */
  optional: manifest.optionalDependencies,
  /** The example units, compiled. */
  examples: join(dirname(manifestPath), 'dist/app/examples'),
} as const;

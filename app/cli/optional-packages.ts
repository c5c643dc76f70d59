import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { codeOf } from '../../adapters/node/fs/errors.ts';
import { ProcessError } from '../../services/errors.ts';
import { thisPackage } from '../terminal/package.ts';

const resolves = (name: string): boolean => {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
};

/** Whether a package is installed, or built in under its name in `imports` of package.json. */
const isThere = (name: string): boolean => resolves(name) || resolves(`#${name}`);

/** The path of a package's file, `undefined` where that is not installed, or can't be used. */
export const optionalFile = (name: string): string | undefined => {
  if (!resolves(name)) return undefined;
  const path = fileURLToPath(import.meta.resolve(name));
  return existsSync(path) ? path : undefined;
};

/** Turns the error of an optional package that is not installed into one that says how to; others stay as they are. */
export const withInstallCommand = (thrown: unknown): unknown => {
  const name = thrown instanceof Error ? /Cannot find package '([^']+)'/.exec(thrown.message)?.[1] : undefined;
  const isOptional = name !== undefined && Object.hasOwn(thisPackage.optional, name);
  if (codeOf(thrown) !== 'ERR_MODULE_NOT_FOUND' || !isOptional) return thrown;
  const missing = Object.entries(thisPackage.optional).filter(([one]) => !isThere(one));
  const names = missing.map(([one]) => one).join(', ');
  const packages = missing.map(([one, range]) => `${one}@${range}`).join(' ');
  const message = `It needs optional packages that are not installed: ${names}. Run npm install ${packages}`;
  return new ProcessError('unsupported', message, { cause: thrown });
};

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** What a source file imports when it runs: types are gone by then. */
const importsOf = (file: URL): string[] =>
  [...readFileSync(file, 'utf8').matchAll(/^(?:import|export) (?!type )(?:[^;']*? from )?'([^']+)'/gm)].map(
    ([, specifier = '']) => specifier,
  );

/** Every package that is loaded with a file. */
const packagesUnder = (file: URL, seen = new Set<string>()): string[] => {
  if (seen.has(file.href)) return [];
  seen.add(file.href);
  return importsOf(file).flatMap((specifier) =>
    specifier.startsWith('.') ? packagesUnder(new URL(specifier, file), seen) : [specifier],
  );
};

test('the supervisor loads nothing but Node itself, and what parses its command line', () => {
  const packages = packagesUnder(new URL('../app/cli/run.ts', import.meta.url));
  expect(packages).toContain('node:child_process');
  expect(new Set(packages.filter((name) => !name.startsWith('node:')))).toEqual(new Set(['commander']));
});

import { readdir, readFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { commands } from '../app/cli/commands.ts';
import { startNode } from './support/cli.ts';
import { createConsumerIn } from './support/consumer.ts';
import { createFolder } from './support/folder.ts';

let project: string;
let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ path: project, remove } = await createFolder());
  await createConsumerIn(project);
  folder = join(project, 'node_modules/pepeunit-client');
});
afterAll(() => remove());

/** Runs a module in a project of a user. @returns What it printed; fails with what it said of an error. */
const run = async (code: string, ...options: string[]): Promise<string> => {
  const {
    code: exit,
    stdout,
    stderr,
  } = await startNode([...options, '--input-type=module', '-e', code], {
    cwd: project,
  }).ended;
  expect(stderr).toBe('');
  expect(exit).toBe(0);
  return stdout.trim();
};

/** Lists what a built file imports at once, and what those import. */
const importsUnder = async (file: string, seen = new Set<string>()): Promise<Set<string>> => {
  if (seen.has(file)) return seen;
  seen.add(file);
  const text = await readFile(join(folder, file), 'utf8');
  for (const [, from = ''] of text.matchAll(/^(?:import|export)\b(?:[^"\n]* from)? ?"([^"]+)"/gm)) {
    if (from.startsWith('.')) await importsUnder(join(file, '..', from), seen);
    else seen.add(from);
  }
  return seen;
};

/** The packages that are loaded with a file, and `node` for modules of Node. */
const loadedWith = async (file: string): Promise<string[]> => {
  const imports = [...(await importsUnder(file))].filter((name) => !name.startsWith('dist/'));
  return [...new Set(imports.map((name) => (isBuiltin(name) ? 'node' : name)))].toSorted();
};

describe('the packed package', () => {
  test.each([
    ['pepeunit-client', 'PepeunitClient'],
    ['pepeunit-client/machines', 'unitMachine'],
    ['pepeunit-client/services', 'parseEnv'],
    ['pepeunit-client/testing', 'createTestUnit'],
    ['pepeunit-client/instance', 'startInstance'],
    ['pepeunit-client/inspect', 'recordFor'],
  ])('%s loads in a program of its own', async (entry, name) => {
    expect(await run(`import { ${name} } from '${entry}'; console.log(typeof ${name});`)).toMatch(
      /^(function|object)$/,
    );
  });

  test('its entry for pages loads too', async () => {
    const entry = JSON.stringify(pathToFileURL(join(folder, 'dist/app/browser.js')).href);
    expect(await run(`import { PepeunitClient } from ${entry}; console.log(typeof PepeunitClient);`)).toBe('function');
  });

  test.each(commands.map(({ name }) => name))('pepeunit %s loads in a process of its own', async (name) => {
    const { code, stdout, stderr } = await startNode([join(folder, 'dist/app/cli/main.js'), name, '--help']).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: pepeunit ${name}`);
  });

  test.each([
    ['app/node', ['#mqtt', 'node', 'xstate']],
    ['app/browser', ['#mqtt', 'idb-keyval', 'ky', 'xstate']],
    ['app/testing', ['xstate']],
    ['machines/index', ['xstate']],
    ['services/index', ['xstate']],
    ['app/cli/main', ['commander', 'node']],
    ['chunks/run', ['commander', 'node']],
    ['chunks/init', ['commander', 'node', 'xstate']],
    ['chunks/types', ['commander', 'node', 'xstate']],
    ['chunks/log', ['commander', 'node', 'xstate']],
    ['chunks/doctor', ['#mqtt', 'commander', 'node', 'xstate']],
    ['chunks/publish', ['#mqtt', 'commander', 'node', 'xstate']],
  ])('%s loads nothing that it may not need', async (entry, packages) => {
    expect(await loadedWith(`dist/${entry}.js`)).toEqual(packages);
  });

  test.each([
    ['its own copy of mqtt.js', [], false],
    ['the mqtt.js that is installed, if it is asked to', ['--conditions=installed'], true],
  ])('a unit loads %s', async (_, options, isInstalled) => {
    const code = `
      import 'pepeunit-client';
      import { createRequire } from 'node:module';
      const loaded = Object.keys(createRequire(import.meta.url).cache);
      console.log(loaded.some((file) => file.endsWith('node_modules/mqtt/build/index.js')));`;
    expect(await run(code, ...options)).toBe(String(isInstalled));
  });

  test.each([
    ['bundled', ['mqtt']],
    ['inspector', ['@preact/signals', '@preact/signals-core', 'preact']],
  ])('the packages that are built into %s have their licences beside them', async (room, names) => {
    const parts = (await readFile(join(folder, `dist/${room}/THIRD-PARTY.txt`), 'utf8')).split(/^-{80}$/m);
    const named = parts.map((part) => part.trim().split(' ', 1)[0]);
    expect(named).toEqual(expect.arrayContaining(names));
    for (const part of parts) expect(part.trim()).toMatch(/^\S+ \d+\.\d+\.\d+ \((MIT|ISC)\)\n\n[^]*Copyright/i);
  });

  test('a unit loads few files of it', async () => {
    const files = [...(await importsUnder('dist/app/node.js'))].filter((name) => name.startsWith('dist/'));
    expect(files.length).toBeLessThanOrEqual(16);
  });

  test('its entries share their errors and their units', async () => {
    const code = `
      import * as client from 'pepeunit-client';
      import * as services from 'pepeunit-client/services';
      import { InstanceError } from 'pepeunit-client/instance';
      import { createTestUnitLogic, createTestWorld } from 'pepeunit-client/testing';
      import { createActor } from 'xstate';
      const errors = Object.keys(client).filter((name) => name.endsWith('Error'));
      const world = createTestWorld();
      const actor = createActor(createTestUnitLogic(world), { clock: world.clock, input: {} }).start();
      console.log(JSON.stringify({
        errors: errors.length,
        doubled: errors.filter((name) => client[name] !== services[name]),
        instance: new InstanceError('invalid', '') instanceof client.PepeunitError,
        unit: typeof client.unitOf(actor).logger.info,
      }));
      process.exit();`;
    expect(JSON.parse(await run(code))).toEqual({ errors: 13, doubled: [], instance: true, unit: 'function' });
  });

  test('a stack names the file and the line of the source, by maps without its text', async () => {
    const code = `
      import { parseEnv } from 'pepeunit-client/services';
      try { parseEnv({}); } catch (error) { console.log(error.stack); }`;
    expect(await run(code, '--enable-source-maps')).toMatch(/parseEnv.*services\/env\.ts:\d+:\d+/);
    const maps = (await readdir(join(folder, 'dist'), { recursive: true })).filter((name) => name.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(10);
    for (const name of maps)
      expect(JSON.parse(await readFile(join(folder, 'dist', name), 'utf8'))).not.toHaveProperty('sourcesContent');
  });
});

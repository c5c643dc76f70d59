import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as ts from 'typescript';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createFolder } from './support/folder.ts';

const root = resolve(import.meta.dirname, '..');

const program = `
import { PepeunitClient, RestartMode, keyValue } from 'pepeunit-client';
import { startInstance } from 'pepeunit-client/instance';
import { unitMachine } from 'pepeunit-client/machines';
import { failureOf } from 'pepeunit-client/services';
import { createTestUnit } from 'pepeunit-client/testing';

const paths = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };
const client = new PepeunitClient<{ FAN: number }>({ ...paths, restartMode: RestartMode.Exit });
const fan: number = client.settings.FAN;
client.setMqttInputHandler((unit, message) => unit.publishToTopics('fan', message.payload, { qos: 1 }));
client.on('online', ({ type }) => client.logger.info(type satisfies 'online'));
client.actor.subscribe((snapshot) => snapshot.value);
// @ts-expect-error there is no such variable
client.settings.NONE;
// @ts-expect-error there is no such event
client.on('none', () => undefined);
export const used = [fan, keyValue.get('key'), startInstance, unitMachine, failureOf, createTestUnit];
`;

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ path: folder, remove } = await createFolder());
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules', 'pepeunit-client'));
  await symlink(join(root, 'node_modules', '@types'), join(folder, 'node_modules', '@types'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'main.ts'), program);
});
afterAll(() => remove());

const node = { module: ts.ModuleKind.NodeNext, lib: ['lib.es2023.d.ts'] };
const bundler = {
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
};

test.each([
  ['Node', node],
  ['a bundler', bundler],
])('a strict program for %s compiles against the built package, and checks its declarations too', (_, options) => {
  const compilation = ts.createProgram([join(folder, 'main.ts')], {
    ...options,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    types: ['node'],
    typeRoots: [join(folder, 'node_modules', '@types')],
  });
  // What TypeScript and Node declare is not this package's to check.
  const isOfOthers = (file: ts.SourceFile) =>
    compilation.isSourceFileDefaultLibrary(file) || file.fileName.includes('/@types/');
  const faults = [
    ...compilation.getOptionsDiagnostics(),
    ...compilation.getGlobalDiagnostics(),
    ...compilation.getSourceFiles().flatMap((file) => {
      if (isOfOthers(file)) return [];
      return [...compilation.getSyntacticDiagnostics(file), ...compilation.getSemanticDiagnostics(file)];
    }),
  ];
  expect(faults.map(({ file, messageText }) => `${file?.fileName}: ${JSON.stringify(messageText)}`)).toEqual([]);
});

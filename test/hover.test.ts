import { dirname, join } from 'node:path';
import * as ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTypeScriptProject, forNode, strictest, type TypeScriptProject } from './support/typescript-project.ts';

/** A program at which a person looks in an editor; each comment marks a place. */
const program = `
import { /*class*/PepeunitClient, /*logic*/createUnitLogic } from 'pepeunit-client';
import type * as all from 'pepeunit-client';
import type * as instance from 'pepeunit-client/instance';
interface Unit {
  readonly env: { readonly PUBLISH_EVERY_MS: number };
  readonly input: 'input/pepeunit' | 'плата/pepeunit';
  readonly output: 'output/pepeunit';
}
const client = new PepeunitClient<Unit>({
  envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json',
  restartMode: '/*restartMode*/exit',
});
client./*call*/publishToTopics('/*publish*/output/pepeunit', 1);
client.setMqttInputHandler((unit, message) => message./*key*/key === '/*message*/input/pepeunit');
client.on('updateFailed', ({ /*field*/failure }) => console.log(failure.message));
client.settings./*variable*/PU_STATE_SEND_INTERVAL;
client.settings['/*own*/PUBLISH_EVERY_MS'];
client.schema.inputTopic['/*input*/input/pepeunit'];
export type Seen = [
  all.PepeunitClientOptions<Unit>,
  all.PepeunitClient<Unit>,
  all.UnitLogicOptions<Unit>,
  all.MessageOf<Unit>,
  all.MessageOptions,
  all.OutputHandlerOptions,
  all.MainCycleOptions,
  all.WaitOptions,
  all.DownloadOptions,
  all.ConnectOptions,
  all.LogOptions,
  all.NdjsonOptions,
  all.LogRecord,
  all.UnitMetrics,
  all.UnitEvent,
  all.StateReport,
  all.UnitsPage,
  all.UnitNodesPage,
  all.TargetVersion,
  instance.InstanceOptions,
  instance.InstanceEvents,
  instance.NewUnit,
  instance.NewVersion,
  instance.UnitRow,
  instance.NodeChanges,
  instance.EdgeRow,
  instance.VersionRow,
  instance.LogRow,
  instance.LogQuery,
  instance.UnitQuery,
];
`;

let project: TypeScriptProject;
let service: ts.LanguageService;
let path: string;

/** What an editor asks TypeScript. */
const createService = (folder: string, options: ts.CompilerOptions): ts.LanguageService =>
  ts.createLanguageService({
    getCompilationSettings: () => options,
    getScriptFileNames: () => [path],
    getScriptVersion: () => '1',
    getScriptSnapshot: (file) => {
      const text = ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => folder,
    getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
    fileExists: (file) => ts.sys.fileExists(file),
    readFile: (file, encoding) => ts.sys.readFile(file, encoding),
    directoryExists: (name) => ts.sys.directoryExists(name),
    getDirectories: (name) => ts.sys.getDirectories(name),
    ...(ts.sys.realpath && { realpath: ts.sys.realpath }),
  });

beforeAll(async () => {
  project = await createTypeScriptProject();
  path = join(project.folder, 'main.ts');
  await project.write('main.ts', program);
  service = createService(project.folder, strictest(forNode, project));
});
afterAll(() => project.remove());

const placeOf = (name: string): number => program.indexOf(`/*${name}*/`) + name.length + 4;

/** The text that shows when the pointer rests at a place. */
const hoverAt = (name: string): string => {
  const info = service.getQuickInfoAtPosition(path, placeOf(name));
  return ts.displayPartsToString(info?.documentation);
};

/** What is offered at a place. */
const offeredAt = (name: string): string[] =>
  (service.getCompletionsAtPosition(path, placeOf(name), {})?.entries ?? [])
    .map((entry) => entry.name.replaceAll('"', ''))
    .toSorted();

describe('an editor', () => {
  const base = ['log/pepeunit', 'state/pepeunit'];
  const commands = ['env_update', 'log_sync', 'reset', 'schema_update', 'update'].map((name) => `${name}/pepeunit`);

  test.each<[place: string, offered: readonly string[]]>([
    ['publish', [...base, 'output/pepeunit']],
    ['message', [...base, ...commands, 'input/pepeunit', 'output/pepeunit', 'плата/pepeunit']],
    ['input', ['input/pepeunit', 'плата/pepeunit']],
    ['restartMode', ['env_schema_only', 'exit', 'no_restart', 'restart_exec', 'restart_popen']],
  ])('completes what is known at %s', (place, offered) => {
    expect(offeredAt(place)).toEqual(offered.toSorted());
  });

  test('completes the variables of the unit', () => {
    expect(offeredAt('own')).toEqual(expect.arrayContaining(['PUBLISH_EVERY_MS', 'PU_DOMAIN']));
  });

  test.each(['class', 'logic', 'call', 'key', 'field', 'variable'])('explains what is at %s', (place) => {
    expect(hoverAt(place)).not.toBe('');
  });

  test.each([forNode, { ...forNode, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }])(
    "shows Node's text to a program for Node",
    (settings) => {
      const own = createService(project.folder, strictest(settings, project));
      const info = own.getQuickInfoAtPosition(path, placeOf('class'));
      expect(ts.displayPartsToString(info?.documentation)).toMatch(/^A Pepeunit unit on Node/);
    },
  );
});

/** The members of the package's own types that a type leads to, with their texts. */
const membersOf = (): Map<string, string> => {
  const sources = service.getProgram();
  if (!sources) throw new Error('There is no program');
  const checker = sources.getTypeChecker();
  const root = dirname(import.meta.dirname);
  const isOwn = (symbol: ts.Symbol | undefined) =>
    symbol?.declarations?.[0]?.getSourceFile().fileName.startsWith(join(root, 'types')) ?? false;
  const members = new Map<string, string>();
  const seen = new Set<ts.Type>();
  const walk = (type: ts.Type, owner: string): void => {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnion()) return type.types.forEach((part) => walk(part, owner));
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    if (checker.isArrayType(type) && element) return walk(element, owner);
    for (const member of checker.getPropertiesOfType(type)) {
      if (!isOwn(member) || /^(#.*|type)$/.test(member.name)) continue;
      const name = `${owner}.${member.name}`;
      const text = ts.displayPartsToString(member.getDocumentationComment(checker));
      if (members.get(name) !== '')
        members.set(name, text || ts.displayPartsToString(member.getJsDocTags(checker)[0]?.text));
      walk(checker.getNonNullableType(checker.getTypeOfSymbol(member)), name);
    }
  };
  const file = sources.getSourceFile(path);
  const module = file && checker.getSymbolAtLocation(file);
  for (const exported of module ? checker.getExportsOfModule(module) : []) {
    const seenTypes = checker.getDeclaredTypeOfSymbol(exported);
    for (const type of checker.getTypeArguments(seenTypes as ts.TypeReference))
      walk(type, (type.aliasSymbol ?? type.getSymbol())?.name ?? 'MessageOf');
  }
  return members;
};

/** What of the client is a machine's, or the port of an adapter, is documented for those who write one. */
const isOfAdvanced = (name: string) => /^\w+\.(actor|adapters|inspect)\b./.test(name);

test('each member and each option of the client, and of an instance, has a text', () => {
  const members = [...membersOf()].filter(([name]) => !isOfAdvanced(name));
  const names = members.map(([name]) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      'PepeunitClientOptions.mqtt.tls.serverName',
      'PepeunitClientOptions.outbox.rate.burst',
      'PepeunitClientOptions.update.selfTest.args',
      'PepeunitClientOptions.documents.env',
      'PepeunitClient.settings.PU_MQTT_PORT',
      'UnitEmitted.phase',
      'UnitEmitted.target.firmwareLink',
      'PepeunitClient.restClient.getUnitsByNodes',
    ]),
  );
  expect(members.filter(([, text]) => text === '').map(([name]) => name)).toEqual([]);
});

test('no text of Node speaks of browsers', () => {
  expect([...membersOf()].filter(([, text]) => /browser|IndexedDB/i.test(text)).map(([name]) => name)).toEqual([]);
});

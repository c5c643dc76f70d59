import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as ts from 'typescript';
import { expect, test } from 'vitest';
import { commands } from '../../app/cli/commands.ts';
import { brokerUrl } from '../../app/messaging/router.ts';
import {
  BaseInputTopicType,
  BaseOutputTopicType,
  DestinationTopicType,
  LogLevel,
  RestartMode,
  SearchScope,
  SearchTopicType,
} from '../../app/node.ts';
import { envDefaults, parseEnv } from '../../services/env.ts';
import { envDocument } from '../support/documents.ts';
import { runCli } from '../support/cli.ts';
import { codeIn, codesIn, pageAt, rowsIn, sectionOf } from './pages.ts';
import { programOf, publicMembers, root } from './public-members.ts';

const supervisor = 'adapters/node/process/supervisor.ts';
const program = programOf(['app/node.ts', supervisor]);
const checker = program.getTypeChecker();
const readme = pageAt('README.md');

const exportedType = (path: string, name: string): ts.Type => {
  const file = program.getSourceFile(join(root, path));
  const module = file && checker.getSymbolAtLocation(file);
  const symbol = module && checker.getExportsOfModule(module).find((each) => each.name === name);
  if (!symbol) throw new Error(`${path} has no ${name}`);
  return checker.getDeclaredTypeOfSymbol(symbol);
};

/** Events of a union, by type, with the names of their other fields. */
const eventsOf = (union: ts.Type): [type: string, fields: string[]][] =>
  (union.isUnion() ? union.types : [union]).map((event) => {
    const type = event.getProperty('type');
    const literal = type && checker.getTypeOfSymbol(type);
    if (!literal?.isStringLiteral()) throw new Error('An event has no type');
    const fields = event.getProperties().filter(({ name }) => name !== 'type');
    return [literal.value, fields.map((field) => `${field.name}${field.flags & ts.SymbolFlags.Optional ? '?' : ''}`)];
  });

test('the events of the README are those that a unit emits, with their fields', () =>
  expect(rowsIn(sectionOf(readme, 'Events')).map(([type, fields]) => [codeIn(type), codesIn(fields ?? '')])).toEqual(
    expect.arrayContaining(eventsOf(exportedType('machines/unit/emitted.ts', 'UnitEmitted'))),
  ));

test('the README has no event that there is not', () => {
  const known = eventsOf(exportedType('machines/unit/emitted.ts', 'UnitEmitted')).map(([type]) => type);
  expect(rowsIn(sectionOf(readme, 'Events')).map(([type]) => codeIn(type))).toHaveLength(known.length);
});

test('the events of a supervisor are those that it tells, and those of its command, with their fields', () => {
  const rows = rowsIn(sectionOf(pageAt('docs/updates.md'), 'Events of the supervisor'));
  const ofCommand = ['inspector', 'notInspected', 'error'];
  const listed = rows.map(([type, fields]) => [codeIn(type), codesIn(fields ?? '')]);
  expect(new Map(listed.filter(([type]) => !ofCommand.includes(type as string)) as [string, string[]][])).toEqual(
    new Map(eventsOf(exportedType(supervisor, 'SupervisorEvent'))),
  );
});

/** The codes of each class of errors that a package's entry exports, by the class's name. */
const errorCodes = (path: string): Map<string, string[]> => {
  const file = program.getSourceFile(join(root, path));
  const module = file && checker.getSymbolAtLocation(file);
  const names = (module ? checker.getExportsOfModule(module) : []).map(({ name }) => name);
  const classes = names.filter((name) => name.endsWith('Error') && name !== 'PepeunitError');
  return new Map(
    classes.map((name) => {
      const code = exportedType(path, name).getProperty('code');
      const type = code && checker.getTypeOfSymbol(code);
      const literals = type?.isUnion() ? type.types : [];
      return [name, literals.flatMap((literal) => (literal.isStringLiteral() ? [literal.value] : []))];
    }),
  );
};

test('every code of every error is in the guide to the calls, and no other', () => {
  const items = sectionOf(pageAt('docs/api.md'), 'Errors').split(/^- /m).slice(1);
  const listed = items.map((item) => {
    const [name = '', ...codes] = codesIn(item.replaceAll(/\([^)]*\)/g, ''));
    return [name, codes.toSorted()] as const;
  });
  const known = [...errorCodes('app/node.ts')].map(([name, codes]) => [name, codes.toSorted()] as const);
  expect(known.length).toBeGreaterThan(10);
  expect(new Map(listed)).toEqual(new Map(known));
});

test('the events that a unit may be sent are all requests of an app', () => {
  const rows = rowsIn(sectionOf(pageAt('docs/embedding.md'), 'What a unit may be sent'));
  const listed = rows.flatMap(([cell = '']) => codesIn(cell)).map((code) => code.split(' ')[0] ?? '');
  expect(listed.toSorted()).toEqual(
    eventsOf(exportedType('machines/unit/context.ts', 'UnitRequest'))
      .map(([type]) => type)
      .toSorted(),
  );
});

const envWithPort = (port: number) => parseEnv({ ...envDocument(), PU_MQTT_HOST: 'broker.test', PU_MQTT_PORT: port });

test('which port means TLS is as the README says', () => {
  const [secure, plain, forced] = rowsIn(sectionOf(readme, 'Which port means TLS'));
  expect(secure?.join()).toMatch(/8883.*TLS \(`mqtts:`\)/);
  expect(brokerUrl(envWithPort(8883))).toBe('mqtts://broker.test:8883');
  expect(plain?.join()).toMatch(/any other.*plain \(`mqtt:`\)/);
  for (const port of [1883, 443, 8884]) expect(brokerUrl(envWithPort(port))).toBe(`mqtt://broker.test:${port}`);
  expect(forced?.join()).toMatch(/`mqtt.tls` \(`\{\}` is enough\).*TLS/);
  expect(brokerUrl(envWithPort(1883), {})).toBe('mqtts://broker.test:1883');
});

test('the variables of env.json are all reserved ones, with their defaults', () => {
  const rows = rowsIn(pageAt('docs/settings.md').text);
  const shown = rows.map(([name, , value = '']) => [codeIn(name), codeIn(value) || value]);
  const needed = ['PU_MQTT_HOST', 'PU_AUTH_TOKEN'];
  expect(shown).toEqual(
    Object.entries(envDefaults).map(([name, value]) => {
      if (needed.includes(name)) return [name, 'required'];
      return [name, value === '' ? 'empty' : String(value)];
    }),
  );
  for (const name of needed) expect(() => parseEnv({ ...envDocument(), [name]: '' })).toThrow(name);
});

test('the ports of the guide are all adapters of a unit', () =>
  expect(
    rowsIn(sectionOf(pageAt('docs/adapters.md'), 'The ports'))
      .map(([name]) => codeIn(name))
      .toSorted(),
  ).toEqual(
    checker
      .getPropertiesOfType(exportedType('app/platform.ts', 'Adapters'))
      .map(({ name }) => name)
      .toSorted(),
  ));

test('the constants of the guide have their values', () => {
  const constants = {
    LogLevel,
    RestartMode,
    SearchTopicType,
    SearchScope,
    DestinationTopicType,
    BaseInputTopicType,
    BaseOutputTopicType,
  };
  expect(
    rowsIn(sectionOf(pageAt('docs/api.md'), 'Constants')).map(([name = '', values = '']) => [
      codeIn(name),
      codesIn(values.replace(/ \(.*$/, '')).toSorted(),
    ]),
  ).toEqual(Object.entries(constants).map(([name, values]) => [name, Object.values<string>(values).toSorted()]));
});

test('the calls of the guide are all that a client and its parts have', () => {
  const codes = codesIn(pageAt('docs/api.md').text.replace(/^```[^]*?^```$/gm, '')).join('\n');
  const members = publicMembers(program, ['app/node.ts'])
    .map(({ name }) => name.split(' ')[1] ?? '')
    .filter((name) =>
      /^(UnitClient|InboundMessage|mqttClient|restClient|settings|schema|logger|\w+Manager|cipher)\./.test(name),
    );
  expect(members.length).toBeGreaterThan(70);
  const missing = members.filter((name) => !new RegExp(`\\b${name.split('.')[1] ?? ''}\\b`).test(codes));
  expect(missing).toEqual([]);
});

test('the commands of the README are those of the command line, in its order', () =>
  expect(
    rowsIn(sectionOf(readme, 'Five minutes'))
      .map(([name]) => codeIn(name))
      .filter((name) => /^[a-z]+$/.test(name)),
  ).toEqual(commands.map(({ name }) => name)));

test('the imports of the README are those of the package', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
  expect(
    rowsIn(sectionOf(readme, 'Five minutes'))
      .map(([name]) => codeIn(name))
      .filter((name) => name.startsWith('pepeunit-client'))
      .toSorted(),
  ).toEqual(
    Object.keys(exports)
      .filter((name) => name !== './package.json')
      .map((name) => `pepeunit-client${name.slice(1)}`)
      .toSorted(),
  );
});

test('the options of `pepeunit run` in the guide are those of its help', async () => {
  const { stdout } = await runCli(['run', '--help']);
  const [options = ''] = stdout.split('Examples:');
  const known = [...options.matchAll(/--([a-z-]+)/g)].map(([, name = '']) => name);
  const listed = rowsIn(sectionOf(pageAt('docs/updates.md'), 'Run it under the supervisor'))
    .flatMap(([cell = '']) => codesIn(cell))
    .map((code) => /^--([a-z-]+)/.exec(code)?.[1] ?? '');
  expect([...new Set([...listed, 'help'])].toSorted()).toEqual([...new Set(known)].toSorted());
});

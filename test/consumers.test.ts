import { afterAll, beforeAll, expect, test } from 'vitest';
import * as ts from 'typescript';
import {
  createTypeScriptProject,
  faultsOf,
  type Settings,
  type TypeScriptProject,
} from './support/typescript-project.ts';

const program = `
import { PepeunitClient, RestartMode, createUnitLogic, keyValue, unitOf, type Codecs, type UnitClient } from 'pepeunit-client';
import { startInstance } from 'pepeunit-client/instance';
import { unitMachine } from 'pepeunit-client/machines';
import { failureOf } from 'pepeunit-client/services';
import { createTestUnit } from 'pepeunit-client/testing';
import type { AnyActorRef } from 'xstate';
import type { Unit } from './unit.d.ts';

const paths = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };

export const ofEnv = new PepeunitClient<{ FAN: number }>({ ...paths, restartMode: RestartMode.Exit });
const fan: number = ofEnv.settings.FAN;
ofEnv.setMqttInputHandler((unit, message) => unit.publishToTopics('fan', message.payload, { qos: 1 }));
ofEnv.on('online', ({ type }) => ofEnv.logger.info(type satisfies 'online'));
ofEnv.actor.subscribe((snapshot) => snapshot.value);

const codecs = {
  'input/pepeunit': (value: unknown) => ({ celsius: Number(value) }),
  'curve/pepeunit': { parse: (value: unknown) => [value] },
} satisfies Codecs<Unit>;
export const typed = new PepeunitClient<Unit, typeof codecs>({ ...paths, codecs });
typed.setMqttInputHandler(async (unit, message) => {
  if (message.key === 'input/pepeunit') await unit.publishToTopics('output/pepeunit', message.json().celsius);
  if (message.key === 'curve/pepeunit') unit.logger.info(message.json().length);
  if (message.key === 'плата/pepeunit') unit.logger.info(message.json() satisfies unknown);
});
typed.mqttClient.setInputHandler((message) => message.key === 'update/pepeunit' && message.command);
const topics: readonly string[] | undefined = typed.schema.inputTopic['input/pepeunit'];
const everyMs: number = typed.settings.PUBLISH_EVERY_MS;

export const logic = createUnitLogic<Unit, typeof codecs>({
  ...paths,
  codecs,
  toEvent: (message) =>
    message.key === 'input/pepeunit' ? { type: 'measured', celsius: message.json().celsius } : undefined,
});
export const report = (actor: AnyActorRef) => unitOf<Unit>(actor).publishToTopics('state/pepeunit', everyMs);

const test = createTestUnit<Unit, typeof codecs>({ codecs, program: (client) => client.settings.PUBLISH_EVERY_MS });
void test.receive('input/pepeunit', 21.5);

/** A part that serves any unit. */
const serve = (unit: UnitClient<object>) => unit.publishToTopics('log/pepeunit', 'here');
export const used = [serve(ofEnv), serve(typed), fan, topics, keyValue.get('key'), startInstance, unitMachine, failureOf];
`;

const unit = `
export interface Unit {
  readonly env: { readonly PUBLISH_EVERY_MS: number };
  readonly input: 'input/pepeunit' | 'curve/pepeunit' | 'плата/pepeunit';
  readonly output: 'output/pepeunit';
}
`;

let project: TypeScriptProject;
beforeAll(async () => {
  project = await createTypeScriptProject();
  await project.write('unit.d.ts', unit);
  await project.write('main.ts', program);
});
afterAll(() => project.remove());

const node16 = { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 };
const nodeNext = { module: ts.ModuleKind.NodeNext };
const bundler = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
const es = 'lib.es2023.d.ts';
const dom = 'lib.dom.d.ts';

/** XState's own declarations have these under exactOptionalPropertyTypes. */
const ofXState = /node_modules\/xstate\/dist\/declarations\/src\/setup\.d\.ts:/;

// Without the DOM it is @types/node that has AbortSignal and URL, which XState's declarations need too.
test.each<[resolution: string, surroundings: string, settings: Settings]>([
  ['node16', 'without the DOM', { ...node16, lib: [es], types: ['node'] }],
  ['node16', 'with the DOM and without Node', { ...node16, lib: [es, dom], types: [] }],
  ['nodenext', 'with both', { ...nodeNext, lib: [es, dom], types: ['node'] }],
  ['bundler', 'without the DOM', { ...bundler, lib: [es], types: ['node'] }],
  ['bundler', 'with the DOM and without Node', { ...bundler, lib: [es, dom], types: [] }],
  ['bundler for browsers', 'with the DOM', { ...bundler, lib: [es, dom], types: [], customConditions: ['browser'] }],
])('a strict program with %s %s compiles, and so do the declarations of the built package', (_, __, settings) => {
  expect(faultsOf(project, 'main.ts', settings).filter((fault) => !ofXState.test(fault))).toEqual([]);
});

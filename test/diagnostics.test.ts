import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTypeScriptProject, faultsOf, forNode, type TypeScriptProject } from './support/typescript-project.ts';

const head = `
import { PepeunitClient } from 'pepeunit-client';
import { createTestUnit } from 'pepeunit-client/testing';
interface Unit {
  readonly env: { readonly PUBLISH_EVERY_MS: number };
  readonly input: 'input/pepeunit' | 'curve/pepeunit';
  readonly output: 'output/pepeunit';
}
const paths = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };
const client = new PepeunitClient<Unit>(paths);
`;

/** Programs that are wrong, and what a person sees of each. */
const wrong: readonly (readonly [code: string, told: string])[] = [
  [
    `await client.publishToTopics('outptu/pepeunit', 1);`,
    `Argument of type '"outptu/pepeunit"' is not assignable to parameter of type '"log/pepeunit" | "state/pepeunit" | "output/pepeunit"'.`,
  ],
  [
    `await createTestUnit<Unit>().receive('inptu/pepeunit', 1);`,
    `Argument of type '"inptu/pepeunit"' is not assignable to parameter of type '"input/pepeunit" | "curve/pepeunit"'.`,
  ],
  [
    `client.setMqttInputHandler((_, message) => message.key === 'inptu/pepeunit');`,
    `This comparison appears to be unintentional because the types '"update/pepeunit" | "env_update/pepeunit" | "schema_update/pepeunit" | "log_sync/pepeunit" | "reset/pepeunit" | "log/pepeunit" | "state/pepeunit" | "input/pepeunit" | "curve/pepeunit" | "output/pepeunit" | undefined' and '"inptu/pepeunit"' have no overlap.`,
  ],
  [
    `client.setMqttInputHandler((_, message) => { const degrees: number = message.json(); });`,
    `Type 'unknown' is not assignable to type 'number'.`,
  ],
  [
    `client.schema.inputTopic['inptu/pepeunit'];`,
    `Property 'inptu/pepeunit' does not exist on type '{ readonly "input/pepeunit"?: readonly string[]; readonly "curve/pepeunit"?: readonly string[]; }'. Did you mean 'input/pepeunit'?`,
  ],
  [
    `client.settings.PUBLISH_EVRY_MS;`,
    `Property 'PUBLISH_EVRY_MS' does not exist on type 'Settings<{ readonly PUBLISH_EVERY_MS: number; }>'. Did you mean 'PUBLISH_EVERY_MS'?`,
  ],
  [`await client.settings.update({ PUBLISH_EVERY_MS: 'often' });`, `Type 'string' is not assignable to type 'number'.`],
  [
    `new PepeunitClient<Unit>({ ...paths, restartmode: 'exit' });`,
    `Object literal may only specify known properties, but 'restartmode' does not exist in type 'PepeunitClientOptions<Unit, Codecs<Unit>>'. Did you mean to write 'restartMode'?`,
  ],
  [
    `new PepeunitClient<Unit>({ ...paths, mqtt: { broker: [] } });`,
    `Object literal may only specify known properties, but 'broker' does not exist in type 'MqttOptions'. Did you mean to write 'brokers'?`,
  ],
  [
    `new PepeunitClient<Unit>({ ...paths, restartMode: 'restart' });`,
    `Type '"restart"' is not assignable to type '"exit" | "restart_exec" | "restart_popen" | "env_schema_only" | "no_restart" | undefined'.`,
  ],
  [
    `new PepeunitClient<Unit>({ ...paths, mqtt: { protocol: 3 } });`,
    `Type '3' is not assignable to type '"auto" | 4 | 5 | undefined'.`,
  ],
  [
    `new PepeunitClient<Unit>({ ...paths, outbox: { policies: { 'output/pepeunit': 'last' } } });`,
    `Type '"last"' is not assignable to type '"none" | "latest" | "queue" | KeepPolicy | undefined'.`,
  ],
  [
    `new PepeunitClient<Unit>({ ...paths, outbox: { policies: { 'outptu/pepeunit': 'latest' } } });`,
    `Object literal may only specify known properties, and ''outptu/pepeunit'' does not exist in type 'QueuePolicies<"log/pepeunit" | "state/pepeunit" | "output/pepeunit">'.`,
  ],
  [
    `new PepeunitClient<Unit>({ ...paths, codecs: { 'inptu/pepeunit': Number } });`,
    `Object literal may only specify known properties, and ''inptu/pepeunit'' does not exist in type 'Codecs<Unit>'.`,
  ],
  [
    `new PepeunitClient<Unit>({ ...paths, codecs: { 'input/pepeunit': 'number' } });`,
    `Type 'string' is not assignable to type 'Codec | undefined'.`,
  ],
  [
    `await client.publishToTopics('output/pepeunit', 1, { retained: true });`,
    `Object literal may only specify known properties, but 'retained' does not exist in type 'MessageOptions'. Did you mean to write 'retain'?`,
  ],
];

let project: TypeScriptProject;
beforeAll(async () => {
  project = await createTypeScriptProject();
});
afterAll(() => project.remove());

test('a wrong topic key, setting or option does not compile, and the message says what is right', async () => {
  await project.write('main.ts', [head.trim().replaceAll('\n', ' '), ...wrong.map(([code]) => code)].join('\n'));
  const faults = faultsOf(project, 'main.ts', forNode).filter((fault) => fault.startsWith('main.ts:'));
  expect(faults).toEqual(wrong.map(([, told], index) => `main.ts:${index + 2}: ${told}`));
});

const optionTypes: readonly string[] = [
  'Options',
  ...['mqtt', 'outbox', 'update', 'documents'].map((name) => `Part<Options['${name}']>`),
  `Part<Part<Options['mqtt']>['tls']>`,
  `Part<Part<Options['outbox']>['rate']>`,
  `Part<Part<Options['outbox']>['policies']>`,
  `Part<Part<Options['update']>['install']>`,
  `Part<Part<Options['update']>['selfTest']>`,
  ...['UnitLogicOptions<Unit>', 'UnitLogicInput', 'KeepPolicy', 'MessageOptions', 'OutputHandlerOptions'].map(
    (name) => `all.${name}`,
  ),
  ...['MainCycleOptions', 'WaitOptions', 'DownloadOptions', 'ConnectOptions', 'LogOptions', 'NdjsonOptions'].map(
    (name) => `all.${name}`,
  ),
  ...['InstanceOptions', 'NewUnit', 'NewVersion', 'NodeChanges'].map((name) => `instance.${name}`),
  'testing.TestWorldOptions',
];

const optionalOf = `
import type * as all from 'pepeunit-client';
import type * as instance from 'pepeunit-client/instance';
import type * as testing from 'pepeunit-client/testing';
interface Unit { readonly env: object; readonly input: 'input/pepeunit'; readonly output: 'output/pepeunit' }
type Options = all.PepeunitClientOptions<Unit>;
type Part<T> = Exclude<T, undefined | string | boolean>;
type Undefined<T> = { readonly [K in keyof T as {} extends Pick<T, K> ? K : never]: undefined };
declare const undefinedOf: <T>() => Undefined<T>;
`;

test('an option that is there as undefined compiles like one that is not there', async () => {
  const lines = optionTypes.map((type) => `((_: Partial<${type}>) => undefined)(undefinedOf<${type}>());`);
  await project.write('undefined.ts', [optionalOf.trim().replaceAll('\n', ' '), ...lines].join('\n'));
  const faults = faultsOf(project, 'undefined.ts', forNode).filter((fault) => fault.startsWith('undefined.ts:'));
  expect(faults.map((fault) => `${optionTypes[Number(fault.split(':')[1]) - 2]} ${fault}`)).toEqual([]);
});

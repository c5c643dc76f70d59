/** A tree that keeps every rule, and uses what they allow. */
export const lawful: Record<string, string> = {
  'package.json': '{ "type": "module", "dependencies": { "xstate": "5", "ky": "1" } }',
  'tsconfig.json':
    '{ "compilerOptions": { "module": "NodeNext", "verbatimModuleSyntax": true, "allowImportingTsExtensions": true, "noEmit": true } }',
  'node_modules/xstate/package.json': '{ "name": "xstate", "version": "5.0.0", "type": "module", "main": "index.js" }',
  'node_modules/xstate/index.js': 'export const setup = 1;',
  'node_modules/ky/package.json': '{ "name": "ky", "version": "1.0.0", "type": "module", "main": "index.js" }',
  'node_modules/ky/index.js': 'export const ky = 1;',
  'machines/lib/pure.ts': 'export const pure = 1;',
  'machines/time.ts':
    "import { setup } from 'xstate'; import type { Clock } from '../services/clock.ts'; import { ClockError } from '../services/errors.ts'; import { pure } from './lib/pure.ts'; export type Time = Clock; export const timeMachine = [setup, pure, ClockError];",
  'machines/wifi.ts': "import type { Time } from './time.ts'; export type Wifi = Time; export const wifiMachine = 1;",
  'machines/unit.ts':
    "import { timeMachine } from './time.ts'; import { wifiMachine } from './wifi.ts'; export const unitMachine = [timeMachine, wifiMachine];",
  'machines/index.ts': "export * from './unit.ts';",
  'services/errors.ts': 'export class ClockError extends Error {}',
  'services/clock.ts': "import { setup } from 'xstate'; export type Clock = number; export const readOffset = setup;",
  'adapters/shared/http.ts':
    "import { ky } from 'ky'; import { ClockError } from '../../services/errors.ts'; export const http = [ky, ClockError];",
  'adapters/memory/clock.ts':
    "import type { Clock } from '../../services/clock.ts'; export const memoryClock: Clock = 1;",
  'adapters/browser/clock.ts': "import { http } from '../shared/http.ts'; export const pageClock = http;",
  'adapters/node/sntp.ts':
    "import dgram from 'node:dgram'; import { http } from '../shared/http.ts'; export const sntp = [dgram, http];",
  'adapters/node/fs/file.ts': 'export const file = 1;',
  'adapters/node/fs/lock.ts': "import { file } from './file.ts'; export const lock = file;",
  'adapters/node/system.ts': "import { file } from './fs/file.ts'; export const system = file;",
  ...Object.fromEntries(
    ['storage', 'outbox', 'archive', 'process'].map((room) => [
      `adapters/node/${room}/${room}.ts`,
      `import { lock } from '../fs/lock.ts'; export const ${room} = lock;`,
    ]),
  ),
  'adapters/node/firmware/firmware.ts':
    "import { archive } from '../archive/archive.ts'; import { process } from '../process/process.ts'; import { storage } from '../storage/storage.ts'; import { file } from '../fs/file.ts'; export const firmware = [archive, process, storage, file];",
  'adapters/node/packages/packages.ts':
    "import { firmware } from '../firmware/firmware.ts'; import { file } from '../fs/file.ts'; export const packages = [firmware, file];",
  'adapters/node/signing/signing.ts':
    "import { firmware } from '../firmware/firmware.ts'; import { file } from '../fs/file.ts'; export const signing = [firmware, file];",
  'app/inspector/ring.ts': 'export const ring = 1;',
  'adapters/node/program/program.ts':
    "import { signing } from '../signing/signing.ts'; import { firmware } from '../firmware/firmware.ts'; export const program = [signing, firmware];",
  'app/client.ts': "import { unitMachine } from '../machines/index.ts'; export const client = unitMachine;",
  'app/messaging/inbound/inbox.ts': 'export const inbox = 1;',
  'app/messaging/outbound/publisher.ts': 'export const publisher = 1;',
  'app/messaging/router.ts':
    "import { inbox } from './inbound/inbox.ts'; import { publisher } from './outbound/publisher.ts'; export const router = [inbox, publisher];",
  'app/logging/log.ts': "import { publisher } from '../messaging/outbound/publisher.ts'; export const log = publisher;",
  'app/node.ts':
    "import fs from 'node:fs'; import { sntp } from '../adapters/node/sntp.ts'; import { client } from './client.ts'; export const node = [fs, sntp, client];",
  'app/cli/main.ts': "import os from 'node:os'; import { node } from '../node.ts'; export const main = [os, node];",
  'app/browser.ts':
    "import { pageClock } from '../adapters/browser/clock.ts'; import { client } from './client.ts'; export const browser = [pageClock, client];",
  'app/testing.ts': "import { memoryClock } from '../adapters/memory/clock.ts'; export const testing = memoryClock;",
  'app/client/client.ts': "import { parts } from './api/parts.ts'; export const client = parts;",
  'app/client/api/parts.ts': 'export const parts = 1;',
  'app/platform.ts': "import type { Clock } from '../services/clock.ts'; export type Platform = Clock;",
  'app/terminal/output.ts': 'export const print = 1;',
  'app/demo/demo.ts':
    "import { print } from '../terminal/output.ts'; import { instance } from '../instance/index.ts'; export const demo = [print, instance];",
  'app/instance/errors.ts': 'export const notFound = 1;',
  'app/instance/store/store.ts': "import { notFound } from '../errors.ts'; export const store = notFound;",
  'app/instance/model/units.ts': "import { store } from '../store/store.ts'; export const units = store;",
  'app/instance/mqtt/broker.ts': "import { units } from '../model/units.ts'; export const broker = units;",
  'app/instance/rest/rest.ts': "import { units } from '../model/units.ts'; export const rest = units;",
  'app/instance/index.ts':
    "import { broker } from './mqtt/broker.ts'; import { rest } from './rest/rest.ts'; export const instance = [broker, rest];",
  'test/app.test.ts': "import { node } from '../app/node.ts'; export const tested = node;",
};

/** For each rule, a file that breaks it. */
export const unlawful: [rule: string, file: string, source: string][] = [
  ['no-circular', 'machines/lib/about.ts', "import { round } from './round.ts'; export const about = round;"],
  ['no-orphan', 'services/alone.ts', 'export const alone = 1;'],
  [
    'source-never-imports-tests',
    'app/cheat.ts',
    "import { tested } from '../test/app.test.ts'; export const x = tested;",
  ],
  [
    'machines-import-no-world',
    'machines/a.ts',
    "import type { memoryClock } from '../adapters/memory/clock.ts'; export type X = typeof memoryClock;",
  ],
  ['machines-import-no-world', 'machines/b.ts', "import { client } from '../app/client.ts'; export const x = client;"],
  [
    'machines-take-services-as-types',
    'machines/c.ts',
    "import { readOffset } from '../services/clock.ts'; export const x = readOffset;",
  ],
  ['machines-use-only-xstate', 'machines/d.ts', "import { ky } from 'ky'; export const x = ky;"],
  ['siblings-meet-in-root', 'machines/e.ts', "import { timeMachine } from './time.ts'; export const x = timeMachine;"],
  [
    'siblings-meet-in-root',
    'machines/lib/f.ts',
    "import { timeMachine } from '../time.ts'; export const x = timeMachine;",
  ],
  ['services-import-no-one', 'services/g.ts', "import type { Time } from '../machines/time.ts'; export type X = Time;"],
  [
    'services-import-no-one',
    'services/h.ts',
    "import { memoryClock } from '../adapters/memory/clock.ts'; export const x = memoryClock;",
  ],
  ['services-use-only-xstate', 'services/i.ts', "import { ky } from 'ky'; export const x = ky;"],
  [
    'adapters-import-only-services',
    'adapters/memory/j.ts',
    "import { pure } from '../../machines/lib/pure.ts'; export const x = pure;",
  ],
  [
    'adapters-take-services-as-types',
    'adapters/memory/k.ts',
    "import { readOffset } from '../../services/clock.ts'; export const x = readOffset;",
  ],
  ['adapters-know-no-actors', 'adapters/memory/l.ts', "import { setup } from 'xstate'; export const x = setup;"],
  [
    'platforms-do-not-mix',
    'adapters/browser/m.ts',
    "import { memoryClock } from '../memory/clock.ts'; export const x = memoryClock;",
  ],
  ['platforms-do-not-mix', 'adapters/shared/n.ts', "import { sntp } from '../node/sntp.ts'; export const x = sntp;"],
  ...(
    [
      ['fs', 'storage'],
      ['storage', 'outbox'],
      ['outbox', 'storage'],
      ['archive', 'firmware'],
      ['process', 'firmware'],
      ['firmware', 'outbox'],
      ['firmware', 'signing'],
      ['packages', 'signing'],
      ['signing', 'program'],
      ['program', 'outbox'],
    ] as const
  ).map(([room, other]): [string, string, string] => [
    `node-${room}-runs-down`,
    `adapters/node/${room}/to-${other}.ts`,
    `import { ${other} } from '../${other}/${other}.ts'; export const x = ${other};`,
  ]),
  ['node-fs-runs-down', 'adapters/node/fs/to-sntp.ts', "import { sntp } from '../sntp.ts'; export const x = sntp;"],
  ['node-files-stand-alone', 'adapters/node/wifi.ts', "import { sntp } from './sntp.ts'; export const x = sntp;"],
  [
    'node-files-stand-alone',
    'adapters/node/clock.ts',
    "import { storage } from './storage/storage.ts'; export const x = storage;",
  ],
  [
    'messaging-is-below-logging-and-client',
    'app/messaging/v.ts',
    "import { log } from '../logging/log.ts'; export const x = log;",
  ],
  [
    'messaging-is-below-logging-and-client',
    'app/messaging/outbound/w.ts',
    "import { client } from '../../client.ts'; export const x = client;",
  ],
  ['logging-is-below-client', 'app/logging/x.ts', "import { client } from '../client.ts'; export const x = client;"],
  [
    'inbound-and-outbound-do-not-meet',
    'app/messaging/inbound/y.ts',
    "import { publisher } from '../outbound/publisher.ts'; export const x = publisher;",
  ],
  [
    'inbound-and-outbound-do-not-meet',
    'app/messaging/outbound/z.ts',
    "import { inbox } from '../inbound/inbox.ts'; export const x = inbox;",
  ],
  ['only-node-uses-node', 'machines/o.ts', "import fs from 'node:fs'; export const x = fs;"],
  ['only-node-uses-node', 'services/p.ts', "import fs from 'node:fs'; export const x = fs;"],
  ['only-node-uses-node', 'adapters/shared/q.ts', "import fs from 'node:fs'; export const x = fs;"],
  ['only-node-uses-node', 'app/r.ts', "import fs from 'node:fs'; export const x = fs;"],
  [
    'only-node-entries-reach-node',
    'app/s.ts',
    "import { sntp } from '../adapters/node/sntp.ts'; export const x = sntp;",
  ],
  ['only-node-entries-reach-node', 'app/t.ts', "import { x } from './s.ts'; export const y = x;"],
  ['only-node-entries-reach-node', 'app/u.ts', "import { main } from './cli/main.ts'; export const x = main;"],
  [
    'platform-is-the-ground-of-app',
    'app/platform.ts',
    "import type { client } from './client.ts'; export type Platform = typeof client;",
  ],
  [
    'client-api-and-options-are-below-client',
    'app/client/api/c.ts',
    "import type { client } from '../client.ts'; export type X = typeof client;",
  ],
  [
    'diagram-stands-alone',
    'app/diagram/c.ts',
    "import type { client } from '../client.ts'; export type X = typeof client;",
  ],
  [
    'terminal-is-the-ground-of-cli-and-demo',
    'app/terminal/v.ts',
    "import type { main } from '../cli/main.ts'; export type X = typeof main;",
  ],
  ['demo-is-below-cli', 'app/demo/w.ts', "import type { main } from '../cli/main.ts'; export type X = typeof main;"],
  [
    'inspector-is-for-cli-and-demo',
    'app/client/aa.ts',
    "import type { ring } from '../inspector/ring.ts'; export type X = typeof ring;",
  ],
  [
    'inspector-knows-types-of-the-unit',
    'app/inspector/bb.ts',
    "import { main } from '../cli/main.ts'; export const x = main;",
  ],
  ['demo-is-below-cli', 'app/demo/x.ts', "import { units } from '../instance/model/units.ts'; export const x = units;"],
  [
    'instance-store-is-the-ground',
    'app/instance/store/y.ts',
    "import { units } from '../model/units.ts'; export const x = units;",
  ],
  [
    'instance-model-knows-no-wire',
    'app/instance/model/z.ts',
    "import { broker } from '../mqtt/broker.ts'; export const x = broker;",
  ],
  [
    'instance-mqtt-and-rest-are-apart',
    'app/instance/rest/a.ts',
    "import { broker } from '../mqtt/broker.ts'; export const x = broker;",
  ],
  [
    'instance-mqtt-and-rest-are-apart',
    'app/instance/mqtt/b.ts',
    "import { instance } from '../index.ts'; export const x = instance;",
  ],
];

/** The other half of the circle. */
export const accomplice = {
  'machines/lib/round.ts': "import { about } from './about.ts'; export const round = about;",
};

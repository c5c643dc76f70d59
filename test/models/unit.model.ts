import { expect } from 'vitest';
import type { AnyEventObject } from 'xstate';
import { systemIds, type ChildName } from '../../machines/lib/unit-context.ts';
import { unitMachine, type UnitContext } from '../../machines/unit.ts';
import { settings } from './documents.model.ts';
import { defineModel, type Region, type Seen } from './model.ts';

const children = Object.keys(systemIds) as ChildName[];
const failure = { name: 'SettingsError', code: 'missing', message: 'env.json does not exist' };
const target = { commitVersion: 'two' };
const topics = { subscribed: ['a', 'b'] };
const denied = [{ topic: 'b', granted: false, reasonCode: 0x87 }];

/** What each child may tell the unit. */
const facts: Record<ChildName, readonly AnyEventObject[]> = {
  settings: [
    { type: 'settings.ready' },
    { type: 'settings.loaded', settings: settings('one', 1) },
    { type: 'settings.loaded', settings: { ...settings('two', 2), wifiSsid: 'home', wifiRevision: 2 } },
    { type: 'settings.failed', failure, during: 'load' },
  ],
  schema: [
    { type: 'schema.ready' },
    { type: 'schema.loaded', topics },
    { type: 'schema.failed', failure, during: 'load' },
  ],
  wifi: [
    { type: 'wifi.ready' },
    { type: 'wifi.up' },
    { type: 'wifi.up', ssid: 'home' },
    { type: 'wifi.down' },
    { type: 'wifi.failed', failure },
  ],
  time: [{ type: 'time.ready' }, { type: 'time.synced', offsetMs: 5 }, { type: 'time.failed', failure }],
  mqtt: [
    { type: 'mqtt.ready' },
    { type: 'mqtt.connected', sessionPresent: false, version: 5 },
    { type: 'mqtt.online', granted: 2, denied: [] },
    { type: 'mqtt.online', granted: 1, denied },
    { type: 'mqtt.offline', failure },
    { type: 'mqtt.failed', failure },
    { type: 'mqtt.stopped' },
  ],
  update: [
    { type: 'update.ready' },
    { type: 'update.began', target },
    { type: 'update.skipped', target, reason: 'sameVersion' },
    { type: 'update.swapped', target, mode: 'no_restart' },
    { type: 'update.finished', target, mode: 'no_restart' },
    { type: 'update.finished', target, mode: 'env_schema_only' },
    { type: 'update.handedOver', target },
    { type: 'update.failed', target, phase: 'verifying', failure },
  ],
  logger: [
    { type: 'logger.ready' },
    { type: 'logger.synced', entries: 3 },
    { type: 'logger.flushed' },
    { type: 'logger.failed', failure },
  ],
  stateReporter: [{ type: 'reporter.ready' }, { type: 'reporter.sent' }, { type: 'reporter.failed', failure }],
};

/** What the app and the instance may ask of the unit. */
const requests: readonly AnyEventObject[] = [
  { type: 'unit.start' },
  { type: 'unit.stop' },
  { type: 'command.received', command: 'update', target },
  { type: 'command.received', command: 'update' },
  { type: 'command.received', command: 'env_update' },
  { type: 'command.received', command: 'schema_update' },
  { type: 'command.received', command: 'log_sync' },
  { type: 'settings.load' },
  { type: 'settings.refresh' },
  { type: 'schema.load' },
  { type: 'schema.refresh' },
  { type: 'time.sync' },
  { type: 'mqtt.connect' },
  { type: 'mqtt.disconnect' },
  { type: 'mqtt.resubscribe' },
  { type: 'mqtt.alsoWant', topics: ['c'] },
  { type: 'wifi.connect' },
  { type: 'update.start', target },
  { type: 'update.configure', handsOver: true },
  { type: 'logger.sync' },
  { type: 'logger.toggle', sink: 'mqtt', enabled: false },
  { type: 'reporter.report' },
];

const loaded = [
  'unit.start',
  `settings says settings.loaded ${JSON.stringify({ settings: settings('one', 1) })}`,
  `schema says schema.loaded ${JSON.stringify({ topics })}`,
];
const online = [
  ...loaded,
  'wifi says wifi.up',
  'mqtt says mqtt.connected {"sessionPresent":false,"version":5}',
  'mqtt says mqtt.online {"granted":2,"denied":[]}',
];

/** Everything that decides what the unit does next, but for its children's restarts. */
const mainKey = (context: UnitContext) => [
  context.settings?.linkRevision,
  context.topics !== undefined,
  context.hasNetwork,
  context.isLinkWanted,
  context.failure?.code,
];

const lifeCycle =
  /^unit\.|(settings|schema) says \w+\.(ready|loaded .*"commitVersion":"one"|loaded .*topics|failed)|mqtt says mqtt\.(online .*\[\]|offline|stopped)|logger says logger\.(flushed|failed)|(flush|close)Within/;

const starting = /(settings|schema) says \w+\.(loaded .*"commitVersion":"one"|loaded .*topics|failed)/;

const regions: readonly Region<UnitContext>[] = [
  { name: 'the life cycle', uses: (label) => lifeCycle.test(label), key: mainKey },
  {
    name: 'the duties, before the start',
    uses: (label) => !/^unit\.|elapses|fails/.test(label) && !/^(settings|schema) says/.test(label),
    key: () => 0,
  },
  {
    name: 'the duties at work',
    prelude: loaded,
    uses: (label) => !/^unit\.|elapses|fails/.test(label),
    key: ({ settings: kept, hasNetwork, isLinkWanted }) => [kept?.linkRevision, hasNetwork, isLinkWanted],
  },
  {
    name: 'the duties at work, with WiFi to manage',
    input: { managesWifi: true },
    prelude: loaded,
    uses: (label) => /wifi|settings says settings\.loaded/.test(label),
    key: ({ settings: kept, hasNetwork }) => [kept?.linkRevision, hasNetwork],
  },
  ...children.flatMap((child): Region<UnitContext>[] => {
    const ready = facts[child][0]?.type ?? '';
    const own = [`${systemIds[child]} fails`, `${systemIds[child]} says ${ready}`];
    const uses = (label: string) =>
      own.includes(label) || label.endsWith(`in ${child}.running`) || label.endsWith(`in ${child}.restarting`);
    const key = ({ restarts, held }: UnitContext) => [restarts[child], held.map(({ event }) => event.type)];
    const walks: Region<UnitContext>[] = [
      { name: `keeping ${child} running, before the start`, uses, key },
      {
        name: `keeping ${child} running, online`,
        prelude: online,
        uses: (label) => uses(label) || label === 'mqtt says mqtt.offline' || /^command.received/.test(label),
        key,
      },
      {
        name: `keeping ${child} running, while the unit starts`,
        prelude: ['unit.start'],
        uses: (label) => uses(label) || starting.test(label),
        key: (context) => [...key(context), context.settings !== undefined],
      },
    ];
    return child === 'settings' || child === 'schema' ? walks : walks.slice(0, 2);
  }),
];

const lastOf = (events: readonly { type: string }[], ...types: string[]): string | undefined =>
  events.findLast(({ type }) => types.includes(type))?.type;

/** A child that runs was told; what is for one that does not, or has not said yet that it does, is held. */
const isTold = (child: ChildName, type: string, { told, context }: Seen<UnitContext>): void => {
  const waiting = context.held.filter(({ to }) => to === child).map(({ event }) => event);
  expect([...told(systemIds[child]), ...waiting].map((event) => event.type)).toContain(type);
};

const isNotWorking = ({ context, emitted }: Seen<UnitContext>): void => {
  expect(context).toMatchObject({ isOperating: false, isOnline: false });
  expect(lastOf(emitted, 'online', 'offline')).not.toBe('online');
};

/** The last thing that a child which ran all the time was told of these. */
const lastTold = (child: ChildName, { told }: Seen<UnitContext>, ...types: string[]) =>
  lastOf(told(systemIds[child]), ...types);

const hasAlwaysRun = (child: ChildName, { context, snapshot, running }: Seen<UnitContext>): boolean =>
  context.restarts[child] === 0 && running.includes(systemIds[child]) && snapshot.matches({ [child]: 'running' });

const lifecycle = {
  lifecycle: ({ snapshot }: Seen<UnitContext>) => expect(snapshot.status).toBe('active'),
  'lifecycle.idle': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    expect(lastOf(seen.emitted, 'stopped', 'misconfigured')).toBeUndefined();
  },
  'lifecycle.loadingSettings': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    if (hasAlwaysRun('settings', seen)) isTold('settings', 'settings.load', seen);
  },
  'lifecycle.loadingSchema': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    expect(seen.context.settings).toBeDefined();
    if (hasAlwaysRun('schema', seen)) isTold('schema', 'schema.load', seen);
  },
  'lifecycle.misconfigured': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    expect(lastOf(seen.emitted, 'misconfigured', 'stopped')).toBe('misconfigured');
  },
  'lifecycle.operating': ({ context }: Seen<UnitContext>) => {
    expect(context.isOperating).toBe(true);
    expect(context.settings).toBeDefined();
    expect(context.topics).toBeDefined();
  },
  'lifecycle.operating.offline': (seen: Seen<UnitContext>) => {
    expect(seen.context.isOnline).toBe(false);
    expect(lastOf(seen.emitted, 'online', 'offline')).not.toBe('online');
    if (hasAlwaysRun('mqtt', seen)) isTold('mqtt', 'mqtt.want', seen);
    if (hasAlwaysRun('wifi', seen)) isTold('wifi', seen.context.managesWifi ? 'wifi.connect' : 'wifi.assume', seen);
    if (hasAlwaysRun('logger', seen))
      expect(lastTold('logger', seen, 'broker.up', 'broker.down')).not.toBe('broker.up');
  },
  'lifecycle.operating.online': (seen: Seen<UnitContext>) => {
    expect(seen.context.isOnline).toBe(true);
    expect(lastOf(seen.emitted, 'online', 'offline')).toBe('online');
    for (const child of ['logger', 'stateReporter'] as const) {
      if (hasAlwaysRun(child, seen)) expect(lastTold(child, seen, 'broker.up', 'broker.down')).toBe('broker.up');
    }
  },
  'lifecycle.closing': isNotWorking,
  'lifecycle.closing.flushing': (seen: Seen<UnitContext>) => isTold('logger', 'logger.flush', seen),
  'lifecycle.closing.disconnecting': (seen: Seen<UnitContext>) => {
    isTold('mqtt', 'mqtt.disconnect', seen);
    isTold('wifi', 'wifi.disconnect', seen);
  },
  'lifecycle.stopped': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    expect(lastOf(seen.emitted, 'stopped', 'misconfigured', 'online')).toBe('stopped');
  },
};

const supervision = Object.fromEntries(
  children.flatMap((child) => {
    const id = systemIds[child];
    return [
      [child, () => undefined],
      [`${child}.running`, ({ running }: Seen<UnitContext>) => expect(running).toContain(id)],
      [
        `${child}.restarting`,
        ({ running, context }: Seen<UnitContext>) => {
          expect(running).not.toContain(id);
          expect(context.restarts[child]).toBeLessThanOrEqual(5);
        },
      ],
      [
        `${child}.failed`,
        ({ running, context, done }: Seen<UnitContext>) => {
          expect(running).not.toContain(id);
          expect(context.restarts[child]).toBe(6);
          expect(done('log')).toContainEqual(expect.objectContaining({ level: 'Critical' }));
        },
      ],
    ] as const;
  }),
);

export const unitModel = defineModel<typeof unitMachine>({
  machine: unitMachine,
  input: {
    managesWifi: false,
    protocol: 'auto',
    restartMode: 'no_restart',
    checksVersion: true,
    logConfig: { minLevel: 'Info', maxLength: 64, console: true, file: true, mqtt: true },
  },
  recorded: ['log'],
  events: requests,
  listeners: facts,
  regions,
  invariants: { ...lifecycle, ...supervision, duties: ({ context }) => expect(context.held.length).toBeLessThan(20) },
});

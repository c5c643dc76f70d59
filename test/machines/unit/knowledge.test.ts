import { describe, expect, test } from 'vitest';
import type { AnyActorRef, AnyMachineSnapshot } from 'xstate';
import type { UnitEvent, UnitInput } from '../../../machines/unit.ts';
import { childNames, type ChildName } from '../../../machines/unit/context.ts';
import { regionOf } from '../../../machines/unit/known.ts';
import { breakLink, createUnit, createWorld, settings, type World } from '../../support/unit-world.ts';
import { settle } from '../../support/until.ts';
import { baseTopic, failure, target } from './under-test.ts';

/** What a child has in its context from the unit, by its messages or as they made it find out. */
const fromUnit: Readonly<Record<ChildName, readonly string[]>> = {
  settings: ['settings', 'hasLink', 'isDenied', 'isWanted'],
  schema: ['topics'],
  wifi: ['ssid', 'maxReconnectionMs', 'revision', 'isUp'],
  time: ['hasNetwork'],
  mqtt: ['hasNetwork', 'isDenied', 'wanted'],
  update: ['handsOver', 'commitVersion', 'placed', 'trial', 'denied', 'isDenied', 'lastDenied'],
  logger: ['config', 'isOnline'],
  reset: ['mode'],
  stateReporter: ['commitVersion', 'intervalMs', 'isOnline', 'isHeld'],
};
/** The states of children in which they wait for a first message. */
const waiting: Readonly<Partial<Record<ChildName, string>>> = {
  wifi: 'idle',
  time: 'stale',
  mqtt: 'offline',
  update: 'asleep',
  reset: 'idle',
  stateReporter: 'unconfigured',
};

type Unit = ReturnType<typeof createUnit>;

const childOf = ({ actor }: Unit, child: ChildName) =>
  (actor.getSnapshot().children[child] as AnyActorRef).getSnapshot() as AnyMachineSnapshot;

const knowledge = (unit: Unit, child: ChildName) => {
  const { context, value } = childOf(unit, child);
  const known = context as Record<string, unknown>;
  return {
    ...Object.fromEntries(fromUnit[child].map((name) => [name, known[name]])),
    isWaiting: value === waiting[child],
  };
};

const send = async ({ actor }: Unit, ...events: UnitEvent[]) => {
  for (const event of events) {
    actor.send(event);
    await settle();
  }
};
const start: UnitEvent = { type: 'unit.start' };

interface Place {
  readonly input?: Partial<UnitInput>;
  readonly world?: (it: World) => void;
  readonly events?: readonly UnitEvent[];
  readonly meanwhile?: (unit: Unit) => void | Promise<void>;
  /** What happens after the child has started again. */
  readonly afterwards?: (unit: Unit) => void | Promise<void>;
}

const topics = { subscribed: [baseTopic, 'd/input_base_topic/u/reset/pepeunit', 'input'], reportsState: true };
const deny = (it: World, ...denied: readonly string[]) => {
  it.topics = topics;
  for (const topic of denied) it.denies.add(topic);
};
const newBroker = { ...settings, linkRevision: 2 };
const onTrial = { to: 'v1', starts: 1, maxStarts: 3, healthyWithinMs: 120_000 };

/** Places that a unit can be in as a child of it fails. */
const places: Readonly<Record<string, Place>> = {
  'not started': {},
  'not started, and asked for things': {
    events: [
      { type: 'update.configure', handsOver: true },
      { type: 'logger.toggle', sink: 'file', enabled: false },
      { type: 'mqtt.alsoWant', topics: ['extra'] },
      { type: 'mqtt.disconnect' },
    ],
  },
  recovering: { world: (it) => it.hangs.add('recover'), events: [start] },
  'reading its settings': { world: (it) => it.hangs.add('settings.load'), events: [start] },
  'reading its schema': { world: (it) => it.hangs.add('schema.load'), events: [start] },
  'reading its schema, and asked for a WiFi': {
    world: (it) => it.hangs.add('schema.load').add('join'),
    events: [start, { type: 'wifi.connect' }],
  },
  'without settings': { world: (it) => it.failures.add('settings.load'), events: [start] },
  'without a schema': { world: (it) => it.failures.add('schema.load'), events: [start] },
  'offline for a network': { input: { managesWifi: true }, world: (it) => it.hangs.add('join'), events: [start] },
  'offline for a broker': { world: (it) => it.failures.add('open'), events: [start] },
  online: { events: [start] },
  'online, with a WiFi': { input: { managesWifi: true }, events: [start] },
  'online, and asked for things': {
    events: [
      start,
      { type: 'update.configure', handsOver: true },
      { type: 'logger.toggle', sink: 'mqtt', enabled: false },
      { type: 'mqtt.alsoWant', topics: ['extra'] },
      { type: 'wifi.connect' },
    ],
  },
  'away from the broker': { events: [start, { type: 'mqtt.disconnect' }] },
  'back at the broker': { events: [start, { type: 'mqtt.disconnect' }, { type: 'mqtt.connect' }] },
  'without a network any more': {
    input: { managesWifi: true },
    events: [start],
    meanwhile: ({ it }) => {
      it.hangs.add('join');
      it.wifi.linked = false;
      it.wifi.tell({ type: 'link.changed', linked: false });
    },
  },
  'with a base topic denied': { world: (it) => deny(it, baseTopic), events: [start] },
  'offline after a denied base topic': {
    world: (it) => deny(it, baseTopic),
    events: [start],
    meanwhile: ({ it }) => {
      it.failures.add('open');
      breakLink(it);
    },
  },
  denied: {
    world: (it) => deny(it, ...topics.subscribed),
    events: [start],
    meanwhile: ({ it }) => void it.failures.add('open'),
  },
  'denied, with another env since': {
    world: (it) => deny(it, ...topics.subscribed),
    events: [start],
    meanwhile: async (unit) => {
      unit.it.failures.add('open');
      unit.it.settings = newBroker;
      await send(unit, { type: 'settings.refresh' });
    },
  },
  'denied, and granted again': {
    world: (it) => deny(it, ...topics.subscribed),
    events: [start],
    meanwhile: async ({ it, clock }) => {
      it.denies.clear();
      clock.increment(600_000);
      await settle();
    },
  },
  'with files that can not be read any more': {
    events: [start],
    meanwhile: ({ it }) => void it.failures.add('settings.load').add('schema.load'),
  },
  'over REST alone': { input: { isRestOnly: true }, events: [start] },
  'with a version on trial': {
    world: (it) => {
      it.hangs.add('checkReady');
      Object.assign(it, { status: { phase: 'trial', trial: onTrial } });
    },
    events: [start],
  },
  'with a version on trial, and without a schema': {
    world: (it) => {
      it.failures.add('schema.load');
      Object.assign(it, { status: { phase: 'trial', trial: onTrial } });
    },
    events: [start],
  },
  'with an env on trial': {
    world: (it) => {
      it.failures.add('open');
      it.settings = { ...settings, trial: { revision: 1, spent: 1, isBrokerNew: true, isInstanceNew: false } };
    },
    events: [start],
  },
  'in an update': {
    world: (it) => it.hangs.add('download'),
    events: [start, { type: 'command.received', command: 'update', target }],
  },
  'with a version in place for the next start': {
    input: { restartMode: 'no_restart' },
    events: [start, { type: 'command.received', command: 'update', target }],
    meanwhile: ({ it }) => {
      Object.assign(it, { status: { phase: 'trial', trial: { ...onTrial, to: 'v2', starts: 0 } } });
    },
  },
  'with an update half in place': { events: [start, { type: 'update.swapping' }] },
  'with a reset to come': {
    world: (it) => it.hangs.add('reset'),
    events: [start, { type: 'command.received', command: 'reset' }],
  },
  'with the clock set': { events: [start, { type: 'time.synced', offsetMs: 3_600_000 }] },
  'with a schema without reports': {
    world: (it) => {
      it.topics = { ...topics, reportsState: false };
    },
    events: [start],
  },
  'with its program leaving': {
    world: (it) => it.hangs.add('releaseOutbox'),
    events: [start, { type: 'unit.restart', mode: 'restart_exec' }],
  },
  'that closes, and starts again': {
    world: (it) => it.hangs.add('flush'),
    events: [start, { type: 'unit.stop' }],
    afterwards: async (unit) => {
      unit.clock.increment(10_000);
      await send(unit, start);
    },
  },
  'that has stopped, and starts again': {
    events: [start, { type: 'unit.stop' }],
    afterwards: (unit) => send(unit, start),
  },
  'online after a stop': { events: [start, { type: 'unit.stop' }, start] },
};

const fail = async ({ actor }: Unit, child: ChildName) => {
  actor.send({ type: `xstate.error.actor.${child}`, actorId: child, error: failure } as never);
  await settle();
  expect(actor.getSnapshot().value).toMatchObject(regionOf(child, 'restarting'));
};

/** A unit that was at a place, where a child of it may have failed, or just before it came there. */
const unitAfter = async (place: Place, failing?: ChildName, when: 'before' | 'there' = 'there') => {
  const { input, world, events = [], meanwhile, afterwards } = place;
  const it = createWorld();
  world?.(it);
  const unit = createUnit(input, it);
  const last = meanwhile ? [] : events.slice(-1);
  await send(unit, ...events.slice(0, events.length - last.length));
  if (failing && when === 'before') await fail(unit, failing);
  await send(unit, ...last);
  await meanwhile?.(unit);
  await settle();
  if (failing && when === 'there') await fail(unit, failing);
  unit.clock.increment(1000);
  await settle();
  await afterwards?.(unit);
  await settle();
  return unit;
};

describe.each(Object.entries(places))('a unit %s', (_, place) => {
  let untouched: Promise<Unit> | undefined;
  const known = async (child: ChildName) => knowledge(await (untouched ??= unitAfter(place)), child);

  test.each(childNames)('tells a child that starts again all that it knew: %s', async (child) => {
    expect(knowledge(await unitAfter(place, child), child)).toEqual(await known(child));
  });

  test.each(childNames)('tells a child all that it has missed: %s', async (child) => {
    expect(knowledge(await unitAfter(place, child, 'before'), child)).toEqual(await known(child));
  });
});

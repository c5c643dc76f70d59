import { expect } from 'vitest';
import { matchesState } from 'xstate';
import { childNames, type ChildName, type Message } from '../../../machines/unit/context.ts';
import { regionOf } from '../../../machines/unit/known.ts';
import { isToldAnew } from '../../../machines/unit/pending.ts';
import type { CommandName, UnitContext } from '../../../machines/unit.ts';
import type { Seen } from './model.ts';
import { failure } from './unit-environment.ts';

const lastOf = (events: readonly { type: string }[], ...types: string[]): string | undefined =>
  events.findLast(({ type }) => types.includes(type))?.type;

/** A child that runs was told; what is for one that does not is held, or told as it is once the child runs. */
const isTold = (child: ChildName, type: string, { told, context, running }: Seen<UnitContext>): void => {
  if (!running.includes(child) && isToldAnew({ to: child, event: { type } } as Message)) return;
  const waiting = context.pendingMessages.filter(({ to }) => to === child).map(({ event }) => event);
  expect([...told(child), ...waiting].map((event) => event.type)).toContain(type);
};

export const isOperating = ({ snapshot }: Seen<UnitContext>): boolean => snapshot.matches({ lifecycle: 'operating' });
const isOnline = ({ snapshot }: Seen<UnitContext>): boolean => snapshot.matches({ lifecycle: { operating: 'online' } });
export const isLeaving = ({ snapshot }: Seen<UnitContext>): boolean =>
  snapshot.matches({ program: 'leaving' }) || snapshot.matches({ program: 'replaced' });
const isHeld = ({ snapshot }: Seen<UnitContext>): boolean => snapshot.matches({ reports: 'held' });

const isNotWorking = (seen: Seen<UnitContext>): void => {
  expect(isOperating(seen)).toBe(false);
  expect(lastOf(seen.emitted, 'online', 'offline')).not.toBe('online');
};

/** The last thing that a child which ran all the time was told of these. */
export const lastTold = (child: ChildName, { told }: Seen<UnitContext>, ...types: string[]) =>
  lastOf(told(child), ...types);

export const hasAlwaysRun = (child: ChildName, { context, snapshot, running }: Seen<UnitContext>): boolean =>
  context.restarts[child] === 0 && running.includes(child) && matchesState(regionOf(child, 'running'), snapshot.value);

/** What must hold in each state of the unit's life cycle. */
export const lifecycle = {
  lifecycle: ({ snapshot }: Seen<UnitContext>) => expect(snapshot.status).toBe('active'),
  'lifecycle.idle': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    expect(lastOf(seen.emitted, 'stopped', 'misconfigured')).toBeUndefined();
  },
  'lifecycle.recovering': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    if (hasAlwaysRun('update', seen)) isTold('update', 'update.recover', seen);
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
    expect(context.settings).toBeDefined();
    expect(context.topics).toBeDefined();
  },
  'lifecycle.operating.offline': (seen: Seen<UnitContext>) => {
    expect(lastOf(seen.emitted, 'online', 'offline')).not.toBe('online');
    if (hasAlwaysRun('mqtt', seen)) isTold('mqtt', 'mqtt.want', seen);
    if (hasAlwaysRun('wifi', seen)) isTold('wifi', seen.context.managesWifi ? 'wifi.connect' : 'wifi.assume', seen);
    if (hasAlwaysRun('logger', seen))
      expect(lastTold('logger', seen, 'broker.up', 'broker.down')).not.toBe('broker.up');
  },
  'lifecycle.operating.restOnly': (seen: Seen<UnitContext>) => {
    expect(seen.context.isRestOnly).toBe(true);
    expect(lastOf(seen.emitted, 'restOnly', 'stopped')).toBe('restOnly');
    isTold('update', 'update.askTarget', seen);
    expect(seen.told('mqtt').map(({ type }) => type)).not.toContain('mqtt.connect');
  },
  'lifecycle.operating.online': (seen: Seen<UnitContext>) => {
    expect(lastOf(seen.emitted, 'online', 'offline')).toBe('online');
    for (const child of ['logger', 'stateReporter', 'update'] as const) {
      if (hasAlwaysRun(child, seen)) expect(lastTold(child, seen, 'broker.up', 'broker.down')).toBe('broker.up');
    }
  },
  'lifecycle.closing': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    expect(seen.done('endWork').length).toBe(seen.done('resumeWork').length + 1);
  },
  'lifecycle.closing.flushing': (seen: Seen<UnitContext>) => isTold('logger', 'logger.flush', seen),
  'lifecycle.closing.disconnecting': (seen: Seen<UnitContext>) => {
    isTold('mqtt', 'mqtt.disconnect', seen);
    if (hasAlwaysRun('wifi', seen)) isTold('wifi', 'wifi.disconnect', seen);
  },
  'lifecycle.closing.releasing': ({ running }: Seen<UnitContext>) => expect(running).toContain('release'),
  'lifecycle.stopped': (seen: Seen<UnitContext>) => {
    isNotWorking(seen);
    expect(seen.running).not.toContain('release');
    expect(seen.done('endWork').length).toBe(seen.done('resumeWork').length + 1);
    expect(seen.context.isStartDue).toBe(false);
    expect(lastOf(seen.emitted, 'stopped', 'misconfigured', 'online')).toBe('stopped');
  },
};

/** The reporter was not told last to hold its reports. */
const reportsGoOn = (seen: Seen<UnitContext>): void => {
  if (hasAlwaysRun('stateReporter', seen))
    expect(lastTold('stateReporter', seen, 'reporter.hold', 'reporter.resume')).not.toBe('reporter.hold');
};

/** What must hold in each state of the region that decides what is reported. */
export const reporting = {
  reports: () => undefined,
  'reports.free': reportsGoOn,
  'reports.lapsing': reportsGoOn,
  'reports.held': (seen: Seen<UnitContext>) => {
    if (hasAlwaysRun('stateReporter', seen))
      expect(lastTold('stateReporter', seen, 'reporter.hold', 'reporter.resume')).toBe('reporter.hold');
  },
};

const handlerIsOff = ({ running }: Seen<UnitContext>): void => expect(running).not.toContain('mainCycle');

/** What must hold in each state of the region that decides when the output handler is called. */
export const cycling = {
  mainCycle: () => undefined,
  'mainCycle.on': () => undefined,
  'mainCycle.off': handlerIsOff,
  'mainCycle.on.waiting': (seen: Seen<UnitContext>) => {
    handlerIsOff(seen);
    expect([seen.context.settings, seen.context.topics]).toContain(undefined);
  },
  'mainCycle.on.turning': ({ running, context }: Seen<UnitContext>) => {
    expect(running).toContain('mainCycle');
    expect([context.settings, context.topics]).not.toContain(undefined);
  },
  'mainCycle.on.paused': (seen: Seen<UnitContext>) => {
    handlerIsOff(seen);
    expect(isLeaving(seen)).toBe(true);
  },
};

/** What must hold in each state of the regions that keep the children running. */
export const supervision = Object.fromEntries([
  ['children', () => undefined],
  ['children.due', () => expect.unreachable()],
  ['children.kept', () => undefined],
  ...childNames.flatMap((child) => {
    return [
      [`children.kept.${child}`, () => undefined],
      [
        `children.kept.${child}.running`,
        // Of all children in each step: an assertion takes longer than the step.
        ({ running, context }: Seen<UnitContext>) => {
          if (!running.includes(child)) expect(running).toContain(child);
          if (context.pendingMessages.some(({ to }) => to === child)) expect(context.pendingMessages).toEqual([]);
        },
      ],
      [
        `children.kept.${child}.restarting`,
        ({ running, context }: Seen<UnitContext>) => {
          expect(running).not.toContain(child);
          expect(context.restarts[child]).toBeLessThanOrEqual(5);
        },
      ],
      [
        `children.kept.${child}.failed`,
        ({ running, context, done }: Seen<UnitContext>) => {
          expect(running).not.toContain(child);
          expect(context.restarts[child]).toBe(5);
          expect(done('log')).toContainEqual(expect.objectContaining({ level: 'Critical' }));
        },
      ],
    ] as const;
  }),
]);

/** The last line of the log is of this level. */
const logs =
  (level: string) =>
  ({ done }: Seen<UnitContext>): void =>
    expect(done('log').at(-1)).toMatchObject({ level });

const isBriefed =
  (child: ChildName, ...types: string[]) =>
  (seen: Seen<UnitContext>): void => {
    for (const type of types) isTold(child, type, seen);
    expect(seen.context.pendingMessages.filter(({ to }) => to === child)).toEqual([]);
  };

const countsUp =
  (count: (context: UnitContext) => number) =>
  ({ context, before }: Seen<UnitContext>): void =>
    expect(count(context)).toBe(count(before) + 1);

/** What must hold after each event. */
export const outcomes: Record<string, (seen: Seen<UnitContext>) => void> = {
  'settings.started': isBriefed('settings'),
  'schema.started': isBriefed('schema'),
  'wifi.started': isBriefed('wifi'),
  'time.started': (seen) => isBriefed('time', ...(seen.context.hasNetwork ? ['network.up'] : []))(seen),
  'mqtt.started': (seen) => {
    isBriefed('mqtt', ...(seen.context.hasNetwork ? ['network.up'] : []))(seen);
    if (isOperating(seen)) isBriefed('mqtt', 'mqtt.want')(seen);
  },
  'update.started': (seen) => isBriefed('update', ...(seen.context.settings ? ['update.configure'] : []))(seen),
  'logger.started': (seen) => isBriefed('logger', ...(isOnline(seen) ? ['broker.up'] : []))(seen),
  'reset.started': isBriefed('reset'),
  'stateReporter.started': (seen) => isBriefed('stateReporter', ...(isOnline(seen) ? ['broker.up'] : []))(seen),
  'update.configure': ({ context }) => expect(context.handsOver).toBe(true),
  'logger.toggle': ({ context }) => expect(context.logConfig.mqtt).toBe(false),
  'mqtt.alsoWant': ({ context }) => expect(context.extraTopics).toEqual(['c']),
  'mqtt.connect': ({ context }) => expect(context.isLinkWanted).toBe(true),
  'mqtt.disconnect': ({ context }) => expect(context.isLinkWanted).toBe(false),
  'settings.loaded': ({ context, last }) => expect(context.settings).toEqual(last['settings']),
  'settings.failed': (seen) => {
    expect(seen.context.failure).toEqual(failure);
    expect(seen.done('log')).toContainEqual(expect.objectContaining({ level: 'Error' }));
  },
  'wifi.up': ({ context }) => expect(context.hasNetwork).toBe(true),
  'wifi.down': ({ context }) => expect(context.hasNetwork).toBe(false),
  'mqtt.connected': countsUp(({ counts }) => counts.connects),
  'mqtt.online': ({ last, done }) => {
    if (last['granted'] === 1) expect(done('log').at(-1)).toMatchObject({ level: 'Warning' });
  },
  'mqtt.offline': (seen) => {
    logs('Warning')(seen);
    countsUp((context) => context.counts.disconnects)(seen);
  },
  'reporter.sent': countsUp(({ counts }) => counts.reports),
  'settings.postponed': logs('Warning'),
  'schema.postponed': logs('Warning'),
  'update.postponed': logs('Warning'),
  'update.failed': logs('Critical'),
  'update.rolledBack': logs('Critical'),
  'update.refused': logs('Error'),
  'update.kept': logs('Warning'),
  'update.linkIgnored': logs('Warning'),
  'update.confirmed': logs('Info'),
  'update.targetUnknown': logs('Debug'),
  'update.requested': logs('Info'),
  'update.repeated': logs('Info'),
  'update.tried': (seen) => {
    logs(seen.last['isSupervised'] === true ? 'Info' : 'Warning')(seen);
    isTold('stateReporter', 'reporter.hold', seen);
  },
  'update.swapping': (seen) => expect(isHeld(seen)).toBe(true),
  'update.settled': (seen) => expect(isHeld(seen)).toBe(false),
  'command.received': (seen) => {
    const command = seen.last['command'] as CommandName;
    if (isOperating(seen)) countsUp(({ counts }) => counts.commands[command])(seen);
  },
  'child.steady': ({ context, snapshot, last }) => {
    const child = last['child'] as ChildName;
    if (matchesState(regionOf(child, 'running'), snapshot.value)) expect(context.restarts[child]).toBe(0);
  },
};

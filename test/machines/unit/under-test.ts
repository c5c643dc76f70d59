import { createActor, fromCallback, fromTransition, SimulatedClock, type AnyActorRef, type EventObject } from 'xstate';
import {
  unitMachine,
  type LogLine,
  type UnitEmitted,
  type UnitEvent,
  type UnitFact,
  type UnitInput,
} from '../../../machines/index.ts';
import { childNames, type ChildName, type Message } from '../../../machines/unit/context.ts';
import type { OfUnit } from '../../../services/finder.ts';
import type { RestartMode } from '../../../services/process-control.ts';
import { gate } from '../../support/actors.ts';
import { settings } from '../../support/unit-world.ts';

/** What a child is sent that is to fail. */
const crash = { type: 'test.crash' } as const;

/** What a unit begins with, if nothing else is said. */
export const unitInput: UnitInput = {
  managesWifi: false,
  protocol: 'auto',
  restartMode: 'restart_exec',
  checksVersion: true,
  isCompiled: false,
  isSupervised: false,
  logConfig: { minLevel: 'Debug', maxLength: 64, console: true, file: true, mqtt: true },
};

const isFact = (event: UnitEmitted | UnitFact): event is UnitFact => event.type.includes('.');

/** A unit whose children write down what they are given and sent, and do nothing by themselves. */
export const withRecorders = (change: Partial<UnitInput> = {}) => {
  const clock = new SimulatedClock();
  const messages: Message[] = [];
  const inputs: { child: ChildName; input: Record<string, unknown> }[] = [];
  const lines: LogLine[] = [];
  const emitted: UnitEmitted[] = [];
  const facts: UnitFact[] = [];
  const links: unknown[] = [];
  const work: string[] = [];
  const recorder = (to: ChildName) =>
    fromTransition(
      (state, event) => {
        if (event.type === crash.type) throw Object.assign(new Error('broke'), { code: 'io' });
        messages.push({ to, event } as Message);
        return state;
      },
      ({ input }) => {
        inputs.push({ child: to, input: input as Record<string, unknown> });
        return {};
      },
    );
  const release = gate<void>();
  const restart = {
    awaitFiles: gate<void>(),
    flush: gate<void>(),
    releaseOutbox: gate<void>(),
    handOver: gate<void, OfUnit & { mode: RestartMode }>(),
  };
  const cycles: string[] = [];
  const cycleFaults: Error[] = [];
  const mainCycle = fromCallback<EventObject, OfUnit>(() => {
    const [fault] = cycleFaults;
    if (fault) throw fault;
    cycles.push('begun');
    return () => void cycles.push('ended');
  });
  const machine = unitMachine.provide({
    actors: {
      ...(Object.fromEntries(childNames.map((name) => [name, recorder(name)])) as object),
      release: release.logic,
      awaitFiles: restart.awaitFiles.logic,
      flush: restart.flush.logic,
      releaseOutbox: restart.releaseOutbox.logic,
      handOver: restart.handOver.logic,
      mainCycle,
    },
    actions: {
      log: (_, line) => void lines.push(line),
      noteLink: (_, link) => void links.push(link),
      endWork: () => void work.push('ended'),
      resumeWork: () => void work.push('resumed'),
      reopenOutbox: () => void work.push('reopened'),
    },
  });
  const actor = createActor(machine, {
    clock,
    input: {
      ...unitInput,
      ...change,
    },
  });
  actor.on('*', (event) => (isFact(event) ? facts.push(event) : emitted.push(event)));
  actor.start();
  /** Sends events, and gives what the children were sent for them. */
  const sent = (...events: UnitEvent[]): Message[] => {
    const before = messages.length;
    for (const event of events) actor.send(event);
    return messages.slice(before);
  };
  const fail = (child: ChildName) => (actor.getSnapshot().children[child] as AnyActorRef | undefined)?.send(crash);
  /** Has a child fail and start again, and gives what the children are sent as it does. */
  const restarted = (child: ChildName): Message[] => {
    fail(child);
    const before = messages.length;
    clock.increment(1000);
    return messages.slice(before);
  };
  const state = () => actor.getSnapshot();
  return {
    actor,
    clock,
    cycleFails: () => void cycleFaults.push(new Error('no timer')),
    cycles,
    emitted,
    facts,
    fail,
    inputs,
    lines,
    links,
    messages,
    release,
    restart,
    restarted,
    sent,
    state,
    work,
    lifecycle: () => state().value.lifecycle,
    program: () => state().value.program,
  };
};
export type RecordedUnit = ReturnType<typeof withRecorders>;

export const topics = { subscribed: ['update', 'input'], reportsState: true };
export const failure = { name: 'Error', code: 'io', message: 'broke' };
export const baseTopic = 'd/input_base_topic/u/update/pepeunit';

/** One at work, offline. */
export const atWork = (change: Partial<UnitInput> = {}): RecordedUnit => {
  const unit = withRecorders(change);
  unit.sent(
    { type: 'unit.start' },
    { type: 'update.recovered' },
    { type: 'settings.loaded', settings },
    { type: 'schema.loaded', topics },
  );
  return unit;
};

/** One at work, with a network and a link. */
export const linked = (change: Partial<UnitInput> = {}): RecordedUnit => {
  const unit = atWork(change);
  unit.sent({ type: 'wifi.up' }, { type: 'mqtt.online', granted: 2, denied: [] });
  return unit;
};

export const target = { commitVersion: 'v2' };
export const denied = [baseTopic, 'd/input/other'].map((topic) => ({ topic, granted: false, reasonCode: 135 }));
export const connect: Message = {
  to: 'mqtt',
  event: { type: 'mqtt.connect', linkRevision: 1, pingIntervalMs: 20_000 },
};
export const want: Message = { to: 'mqtt', event: { type: 'mqtt.want', topics: ['update', 'input'] } };
export const joinWifi: Message = {
  to: 'wifi',
  event: { type: 'wifi.connect', ssid: 'home', maxReconnectionMs: 60_000, revision: 1 },
};
export const configure: Message[] = [
  { to: 'update', event: { type: 'update.configure', handsOver: false, commitVersion: 'v1' } },
  { to: 'logger', event: { type: 'logger.configure', minLevel: 'Info', maxLength: 32 } },
  { to: 'stateReporter', event: { type: 'reporter.configure', commitVersion: 'v1', intervalMs: 300_000 } },
];
export const broker = (type: 'broker.up' | 'broker.down', deniedTopics: readonly string[] = []): Message[] => {
  const event = type === 'broker.up' ? { type, denied: deniedTopics } : { type };
  return [
    { to: 'settings', event },
    { to: 'update', event },
  ];
};
export const link = (type: 'broker.up' | 'broker.down'): Message[] => [
  { to: 'logger', event: { type } },
  { to: 'stateReporter', event: { type } },
];
export const network = (type: 'network.up' | 'network.down'): Message[] => [
  { to: 'time', event: { type } },
  { to: 'mqtt', event: { type } },
];

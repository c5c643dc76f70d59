import { createActor, fromCallback, fromPromise } from 'xstate';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { jitteredDelays } from '../../../machines/mqtt/reconnect-delay.ts';
import { mqttMachine, type MqttFact } from '../../../machines/mqtt.ts';
import type { LinkCommand, LinkEvent, LinkWish } from '../../../services/link.ts';
import { seeded } from '../../support/seeded.ts';

/** What a fleet goes through. */
export interface Scenario {
  readonly units: number;
  /** Whether it starts, all units at once, or has run for a while and loses its broker. */
  readonly begins: 'start' | 'loss';
  /** How long the broker is away, milliseconds. */
  readonly downMs: number;
  /** The option `mqtt.spreadMs`. */
  readonly spreadMs: number;
  /** How many connections the broker takes a second. @defaultValue any */
  readonly mostPerSecond?: number;
  /** What it does with the others: it says so in CONNACK, closes the connection, or never answers. @defaultValue `'quota'` */
  readonly excess?: 'quota' | 'closed' | 'timeout';
  readonly seed: number;
}

/** How a fleet came to its broker. */
export interface Return {
  /** Attempts to connect in each second since the start or the loss, failed ones included. */
  readonly perSecond: readonly number[];
  readonly most: number;
  /** In how many seconds more than the platform takes came to a broker that was there. */
  readonly crowded: number;
  /** The most in a second after the first that the broker was there. */
  readonly mostLater: number;
  /** When half of the units, and when all of them, were there, in seconds. */
  readonly halfBack: number;
  readonly allBack: number;
}

/** New connections a second that the platform takes. */
export const platformLimit = 20;

const answerMs = 50;
/** The units' own patience. */
const unansweredMs = 10_000;

type FleetClock = ReturnType<typeof fakeClock>;

const failure = (code: string) => ({ name: 'BrokerError', code, message: code });

/** A broker for a whole fleet: it is there, or not, and counts who comes. */
const fleetBroker = (clock: FleetClock, mostPerSecond: number, excess: string) => {
  const links = new Set<(event: LinkEvent) => void>();
  const perSecond: number[] = [];
  const back: number[] = [];
  const state = { isUp: true, lostAt: 0 };
  const since = () => (clock.monotonic() - state.lostAt) / 1000;
  const answer = (): LinkEvent => {
    const second = Math.floor(since());
    const come = (perSecond[second] ?? 0) + 1;
    perSecond[second] = come;
    if (state.isUp && come <= mostPerSecond) return { type: 'link.opened', sessionPresent: false };
    return { type: 'link.refused', failure: failure(state.isUp ? excess : 'network') };
  };
  const holdLink = fromCallback<LinkCommand, LinkWish, LinkEvent>(({ sendBack }) => {
    const told = answer();
    const isIgnored = told.type === 'link.refused' && told.failure.code === 'timeout';
    const timer = clock.setTimeout(
      () => {
        if (told.type === 'link.opened') {
          links.add(sendBack);
          back.push(since());
        }
        sendBack(told);
      },
      isIgnored ? unansweredMs : answerMs,
    );
    return () => {
      clock.clearTimeout(timer);
      links.delete(sendBack);
    };
  });
  /** Goes away, and counts anew from here. */
  const fall = () => {
    Object.assign(state, { isUp: false, lostAt: clock.monotonic() });
    perSecond.length = 0;
    back.length = 0;
    for (const tell of links) tell({ type: 'link.closed', failure: failure('closed') });
  };
  const rise = () => {
    state.isUp = true;
  };
  return { holdLink, perSecond, back, fall, rise };
};

const startUnit = (machine: typeof mqttMachine, clock: FleetClock) => {
  const parent = createActor(fromCallback<MqttFact>(() => undefined)).start();
  const unit = createActor(machine, { clock, input: { parent, protocol: 'auto' } }).start();
  unit.send({ type: 'network.up' });
  unit.send({ type: 'mqtt.connect', linkRevision: 1 });
  return unit;
};

/** Lets a fleet start, or lose its broker, at once, and watches it come; the waits are those of the units themselves. */
export const simulate = (scenario: Scenario): Return => {
  const { units, begins, downMs, spreadMs, mostPerSecond = Infinity, excess = 'quota', seed } = scenario;
  const clock = fakeClock();
  const broker = fleetBroker(clock, mostPerSecond, excess);
  const machine = mqttMachine.provide({
    actors: { holdLink: broker.holdLink, closeLink: fromPromise<void>(async () => undefined) },
    delays: jitteredDelays(seeded(seed), () => spreadMs),
  });
  const pauseMs = begins === 'start' ? 0 : mostPerSecond < Infinity ? 1000 : 1;
  if (begins === 'start' && downMs > 0) broker.fall();
  const fleet = Array.from({ length: units }, () => {
    const unit = startUnit(machine, clock);
    clock.advance(pauseMs);
    return unit;
  });
  if (begins === 'loss') {
    clock.advance(100_000);
    broker.fall();
  }
  clock.advance(downMs);
  broker.rise();
  while (broker.back.length < units) clock.advance(1000);
  for (const unit of fleet) unit.stop();
  const perSecond = Array.from(broker.perSecond, (come: number | undefined) => come ?? 0);
  const present = perSecond.slice(Math.floor(downMs / 1000));
  const at = (share: number) => broker.back[Math.ceil(units * share) - 1] ?? 0;
  return {
    perSecond,
    most: Math.max(...perSecond),
    crowded: present.filter((come) => come > platformLimit).length,
    mostLater: Math.max(0, ...present.slice(1)),
    halfBack: at(0.5),
    allBack: at(1),
  };
};

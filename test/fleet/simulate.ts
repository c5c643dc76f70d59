import { createActor, fromCallback, fromPromise } from 'xstate';
import { fakeClock } from '../../adapters/memory/clock.ts';
import { drawnWaits } from '../../machines/lib/mqtt-waits.ts';
import { mqttMachine, type MqttFact } from '../../machines/mqtt.ts';
import type { LinkCommand, LinkEvent, LinkWish } from '../../services/broker.ts';

/** What a fleet goes through. */
export interface Scenario {
  readonly units: number;
  /** How long the broker is away, milliseconds. */
  readonly downMs: number;
  /** The option `mqtt.spreadMs`. */
  readonly spreadMs: number;
  /** How many connections the broker takes a second; it refuses the others. @defaultValue any */
  readonly mostPerSecond?: number;
  readonly seed: number;
}

/** How a fleet came back. */
export interface Return {
  /** Attempts to connect in each second since the loss, failed ones included. */
  readonly perSecond: readonly number[];
  readonly most: number;
  /** When half of the units, and when all of them, were back, in seconds since the loss. */
  readonly halfBack: number;
  readonly allBack: number;
}

/** Numbers from 0 up to 1 that a seed decides (mulberry32). */
const seeded = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

const answerMs = 50;

type FleetClock = ReturnType<typeof fakeClock>;

const failure = (code: string) => ({ name: 'BrokerError', code, message: code });

/** A broker for a whole fleet: it is there, or not, and counts who comes. */
const fleetBroker = (clock: FleetClock, mostPerSecond: number) => {
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
    return { type: 'link.refused', failure: failure(state.isUp ? 'quota' : 'network') };
  };
  const holdLink = fromCallback<LinkCommand, LinkWish, LinkEvent>(({ sendBack }) => {
    const told = answer();
    const timer = clock.setTimeout(() => {
      if (told.type === 'link.opened') {
        links.add(sendBack);
        back.push(since());
      }
      sendBack(told);
    }, answerMs);
    return () => {
      clock.clearTimeout(timer);
      links.delete(sendBack);
    };
  });
  /** Cuts every link, and counts anew from here. */
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
  const unit = createActor(machine, { clock: clock as never, input: { parent, protocol: 5 } }).start();
  unit.send({ type: 'network.up' });
  // Signs of life are none of this simulation's business.
  unit.send({ type: 'mqtt.connect', linkRevision: 1, pingIntervalMs: 86_400_000 });
  return unit;
};

/** Lets a fleet lose its broker at once, and watches it come back; the waits are those of the units themselves. */
export const simulate = ({ units, downMs, spreadMs, mostPerSecond = Infinity, seed }: Scenario): Return => {
  const clock = fakeClock();
  const broker = fleetBroker(clock, mostPerSecond);
  const machine = mqttMachine.provide({
    actors: { holdLink: broker.holdLink, closeLink: fromPromise<void>(async () => undefined) },
    delays: drawnWaits(seeded(seed), () => spreadMs),
  });
  const fleet = Array.from({ length: units }, () => {
    const unit = startUnit(machine, clock);
    clock.advance(mostPerSecond < Infinity ? 1000 : 1);
    return unit;
  });
  clock.advance(100_000);
  broker.fall();
  clock.advance(downMs);
  broker.rise();
  while (broker.back.length < units) clock.advance(1000);
  for (const unit of fleet) unit.stop();
  const perSecond = Array.from(broker.perSecond, (come) => come ?? 0);
  const at = (share: number) => broker.back[Math.ceil(units * share) - 1] ?? 0;
  return { perSecond, most: Math.max(...perSecond), halfBack: at(0.5), allBack: at(1) };
};

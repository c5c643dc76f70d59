import { setTimeout as sleep } from 'node:timers/promises';
import { countLost, openBench, seenBy, type Bench } from '../faults/lab.ts';
import type { Resources, Subject, UnitUnderFault } from '../faults/subject.ts';
import type { Mosquitto } from '../../support/mosquitto.ts';

/** What a soak found. */
export interface Soaked {
  readonly minutes: number;
  readonly outages: number;
  readonly connects: number;
  readonly published: number;
  readonly lost: number;
  /** Messages that found no room in the outbox. */
  readonly dropped: number;
  readonly rssStartKb: number;
  readonly rssEndKb: number;
  /** By least squares over the second half: in the first, the engine still compiles what runs. */
  readonly rssSlopeKbPerMin: number;
  readonly heapSlopeKbPerMin: number;
  readonly listenersStart: number;
  readonly listenersEnd: number;
  readonly handlesStart: number;
  readonly handlesEnd: number;
  readonly stopMs: number;
}

/** How long the link is left alone before the next outage. */
const outageEveryMs = 20_000;

interface Sample extends Resources {
  readonly minute: number;
}

/** Slope of the line that fits best. */
const slope = (points: readonly (readonly [x: number, y: number])[]): number => {
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
};

const kb = (bytes: number): number => Math.round(bytes / 1024);

const slopeOf = (samples: readonly Sample[], figure: 'rss' | 'heap'): number => {
  const steady = samples.slice(Math.floor(samples.length / 2));
  return kb(slope(steady.map((sample) => [sample.minute, sample[figure]])));
};

/** The broker of a soak, and what happens to it: killed for one or three seconds, or frozen for five. */
const troubled = async (lab: Bench) => {
  const brokers: Mosquitto[] = [await lab.mosquitto()];
  const port = brokers[0]?.port ?? 0;
  const kill = (downMs: number) => async () => {
    brokers.at(-1)?.signal('SIGKILL');
    await sleep(downMs);
    brokers.push(await lab.mosquitto({ port }));
  };
  const freeze = async () => {
    brokers.at(-1)?.signal('SIGSTOP');
    await sleep(5000);
    brokers.at(-1)?.signal('SIGCONT');
  };
  const kinds = [kill(1000), freeze, kill(3000)];
  let outages = 0;
  return {
    port,
    witness: () => seenBy(brokers),
    outages: () => outages,
    trouble: async () => {
      await kinds[outages % kinds.length]?.();
      outages += 1;
    },
  };
};

const runFor = async (
  minutes: number,
  subject: Subject,
  unit: UnitUnderFault,
  trouble: () => Promise<void>,
): Promise<Sample[]> => {
  const begun = performance.now();
  const minute = () => (performance.now() - begun) / 60_000;
  const samples: Sample[] = [];
  const sample = async () => samples.push({ minute: minute(), ...(await subject.resources()) });
  for (let links = 2; minute() < minutes; links += 1) {
    await sleep(outageEveryMs);
    await sample();
    await trouble();
    await unit.tells('online', links, 90_000);
  }
  await sample();
  return samples;
};

/** Runs a unit that publishes ten times a second, while its broker fails every 20 seconds. */
export const soak = async (minutes: number): Promise<Soaked> => {
  const lab = openBench();
  try {
    const broker = await troubled(lab);
    const unit = await lab.unit({ port: broker.port, publishes: true });
    const [subject] = lab.subjects as [Subject];
    await unit.tells('online');
    const samples = await runFor(minutes, subject, unit, broker.trouble);
    const lost = await countLost(unit, broker.witness);
    const { messages, dropped } = await unit.metrics();
    const stopMs = await unit.stop();
    await subject.leave();
    const [first, last] = [samples[0] as Sample, samples.at(-1) as Sample];
    return {
      minutes,
      outages: broker.outages(),
      connects: unit.count('online'),
      published: messages.length,
      lost,
      dropped,
      rssStartKb: kb(first.rss),
      rssEndKb: kb(last.rss),
      rssSlopeKbPerMin: slopeOf(samples, 'rss'),
      heapSlopeKbPerMin: slopeOf(samples, 'heap'),
      listenersStart: first.listeners,
      listenersEnd: last.listeners,
      handlesStart: first.handles,
      handlesEnd: last.handles,
      stopMs,
    };
  } finally {
    await lab.clear();
  }
};

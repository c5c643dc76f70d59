import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compiled } from '../../support/compiled.ts';
import { envDocument, schemaDocument } from '../../support/documents.ts';
import { startMosquitto, type Mosquitto } from '../../support/mosquitto.ts';
import { seeded } from '../../support/seeded.ts';
import { until } from '../../support/until.ts';
import { openGate, type Gate } from './gate.ts';
import { createFolder } from '../../support/folder.ts';

/** What to do to a unit. */
export interface Plan {
  readonly publishes: number;
  /** Kills of the broker or of the unit, whichever chance says. */
  readonly kills: number;
  readonly seed: number;
  readonly topics: number;
}

/** What became of its messages. */
export interface Outcome extends Plan {
  readonly brokerKills: number;
  readonly unitKills: number;
  /** Messages that were told as delivered or queued, and that no broker ever acknowledged. */
  readonly lost: number;
  readonly duplicates: number;
  /** Messages that came for the first time after a later one of their topic. */
  readonly outOfOrder: number;
  /** Publishes that were told as neither delivered nor queued. */
  readonly refused: number;
  readonly seconds: number;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** A unit in a process of its own, started again where the one before left off. */
const createUnits = (program: Compiled, folder: string, { publishes, topics }: Plan) => {
  const settled = new Set<number>();
  const failed: number[] = [];
  let highest = -1;
  let child: ChildProcess | undefined;
  let closed: Promise<unknown> = Promise.resolve();
  let isDone = false;
  const onLine = (line: string) => {
    const [word, number] = line.split(' ');
    if (word === 'settled') {
      settled.add(Number(number));
      highest = Math.max(highest, Number(number));
    }
    if (word === 'failed') failed.push(Number(number));
    if (word === 'published') isDone = true;
  };
  return {
    settled,
    failed,
    isDone: () => isDone,
    start: () => {
      isDone = false;
      const again = Array.from({ length: highest + 1 }, (_, number) => number).filter((number) => !settled.has(number));
      const parameters = [folder, topics, publishes, highest + 1, again.join(',')].map(String);
      child = spawn(process.execPath, [program.path, ...parameters], { stdio: ['pipe', 'pipe', 'inherit'] });
      closed = once(child, 'close');
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', onLine);
    },
    end: async (how: 'kill' | 'stop') => {
      if (how === 'kill') child?.kill('SIGKILL');
      else child?.stdin?.end();
      await closed;
    },
  };
};

/** A broker behind the gate, killed and started again. */
const createBrokers = (gate: Gate) => {
  let broker: Mosquitto | undefined;
  const start = async () => {
    broker = await startMosquitto();
    gate.lead(broker.port);
  };
  const kill = async () => {
    gate.lead(undefined);
    await broker?.stop();
  };
  return { start, kill };
};

const judge = (plan: Plan, acknowledged: Gate['acknowledged'], settled: ReadonlySet<number>) => {
  const seen = new Set<number>();
  const newest = new Map<string, number>();
  let outOfOrder = 0;
  for (const { topic, text } of acknowledged) {
    const number = Number(text);
    if (seen.has(number)) continue;
    seen.add(number);
    if (number < (newest.get(topic) ?? -1)) outOfOrder += 1;
    newest.set(topic, Math.max(number, newest.get(topic) ?? -1));
  }
  const lost = [...settled].filter((number) => !seen.has(number)).length;
  return { ...plan, lost, duplicates: acknowledged.length - seen.size, outOfOrder };
};

const writeUnit = async (folder: string, port: number, topics: number) => {
  const keys = Array.from({ length: topics }, (_, index) => [`output${index}/pepeunit`, [`unit.test/node-${index}`]]);
  const schema = schemaDocument({ output_topic: Object.fromEntries(keys) });
  await writeFile(join(folder, 'env.json'), JSON.stringify(envDocument({ PU_MQTT_PORT: port })));
  await writeFile(join(folder, 'schema.json'), JSON.stringify(schema));
};

/** Kills a broker and a unit while the unit publishes, and counts what arrived in the end (S5). */
export const killWhilePublishing = async (program: Compiled, plan: Plan): Promise<Outcome> => {
  const began = performance.now();
  const random = seeded(plan.seed);
  const { path: folder, remove } = await createFolder();
  const gate = await openGate();
  await writeUnit(folder, gate.port, plan.topics);
  const units = createUnits(program, folder, plan);
  const brokers = createBrokers(gate);
  const moments = Array.from({ length: plan.kills }, () => Math.floor(random() * plan.publishes * 0.95));
  let brokerKills = 0;
  let restarting = Promise.resolve();
  const killBroker = async () => {
    brokerKills += 1;
    await restarting;
    await brokers.kill();
    restarting = pause(random() * 600).then(brokers.start);
  };
  try {
    await brokers.start();
    units.start();
    for (const moment of moments.toSorted((a, b) => a - b)) {
      await until(() => units.settled.size >= moment, { timeoutMs: 120_000, what: `${moment} publishes` });
      await pause(random() * 30);
      if (random() < 0.5) await killBroker();
      else {
        await units.end('kill');
        units.start();
      }
    }
    await restarting;
    await until(() => units.isDone() && units.settled.size >= plan.publishes, { timeoutMs: 120_000, what: 'the end' });
    const arrived = () => judge(plan, gate.acknowledged, units.settled).lost === 0;
    await until(arrived, { timeoutMs: 150_000 }).catch(() => undefined);
    await units.end('stop');
    return {
      ...judge(plan, gate.acknowledged, units.settled),
      brokerKills,
      unitKills: plan.kills - brokerKills,
      refused: units.failed.length,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    };
  } finally {
    await units.end('kill');
    await restarting;
    await brokers.kill();
    await gate.stop();
    await remove();
  }
};

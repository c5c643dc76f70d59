import { createActor, toPromise, type AnyActorLogic } from 'xstate';
import { expect, test } from 'vitest';
import { memoryStorage } from '../../adapters/memory/storage.ts';
import { chargeTrial, confirmEnv } from '../../services/env-trial.ts';
import { StorageError } from '../../services/errors.ts';
import type { JsonObject } from '../../services/json.ts';
import { storedKeptEnv } from '../../services/kept-env.ts';
import type { Rest } from '../../services/rest.ts';
import {
  envHolder,
  loadEnv,
  loadSettings,
  refreshSettings,
  restoreEnv,
  type UnitSettings,
} from '../../services/settings.ts';
import type { Storage } from '../../services/storage.ts';
import { envDocument } from '../support/documents.ts';
import { seeded } from '../support/seeded.ts';
import { settle } from '../support/until.ts';

const keptPath = '.pepeunit/kept-env.json';
const hosts = ['one.test', 'two.test', 'three.test'];
const hostOf = (env: unknown): unknown => (env as JsonObject)['PU_MQTT_HOST'];

/** Documents as a kill would leave them, the hosts that had brought the unit online, and those found guilty. */
interface Copy {
  readonly documents: Readonly<Record<string, string>>;
  readonly proven: ReadonlySet<unknown>;
  readonly guilty: ReadonlySet<unknown>;
}

const failure = () => new StorageError('io', 'The disk is full.');
const refuse = async () => Promise.reject(failure());

/** What the next start comes to, on a disk that takes what is written or nothing at all. */
const expectStart = async ({ documents, proven, guilty }: Copy, isFull: boolean): Promise<void> => {
  const storage = memoryStorage(documents);
  const disk: Storage = isFull ? { ...storage, writeJson: refuse, remove: refuse } : storage;
  const holder = envHolder();
  const keptEnv = storedKeptEnv(disk, keptPath);
  const { trial } = await loadEnv({ storage: disk, path: 'env.json', keptEnv, rest: {} as Rest, holder });
  if (!proven.has(holder.current?.reserved.PU_MQTT_HOST))
    expect(trial, 'what never was online is on trial').toBeDefined();
  const record = await keptEnv.read();
  if (record?.phase === 'failed') expect(guilty, 'nothing is given up unjudged').toContain(hostOf(record.tried));
  if (!trial) return;
  const previous = record && record.phase !== 'failed' && record.previous;
  expect(proven, 'a trial can go back to what was online').toContain(hostOf(previous));
};

/** A unit whose disk is slow and fails now and then, before or after it has done what it should. */
const unitOn = (random: () => number, copies: Copy[]) => {
  const storage = memoryStorage({ 'env.json': envDocument({ PU_MQTT_HOST: hosts[0] ?? '' }) });
  const proven = new Set<unknown>([hosts[0]]);
  const guilty = new Set<unknown>();
  const copy = () =>
    copies.push({
      documents: Object.fromEntries([...storage.documents.keys()].map((path) => [path, storage.text(path) ?? ''])),
      proven: new Set(proven),
      guilty: new Set(guilty),
    });
  let isFailing = false;
  const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let turns = Math.floor(random() * 3); turns > 0; turns -= 1) await settle();
    const when = isFailing ? random() : 1;
    if (when < 0.15) throw failure();
    const done = await work();
    copy();
    if (when < 0.3) throw failure();
    return done;
  };
  const disk: Storage = {
    ...storage,
    writeJson: (path, value) => slowly(() => storage.writeJson(path, value)),
    remove: (path) => slowly(() => storage.remove(path)),
  };
  const byRevision = new Map<number, string>();
  const holder = envHolder(({ reserved }) => byRevision.set(holder.connectionRevision, reserved.PU_MQTT_HOST));
  const rest = {
    getEnv: async () => {
      await settle();
      return envDocument({ PU_MQTT_HOST: hosts[Math.floor(random() * hosts.length)] ?? '' });
    },
  } as unknown as Rest;
  const sources = { storage: disk, path: 'env.json', keptEnv: storedKeptEnv(disk, keptPath), rest, holder };
  const fail = (isNow: boolean) => void (isFailing = isNow);
  return { sources, proven, guilty, byRevision, fail };
};

const run = (logic: AnyActorLogic, input: unknown = {}): Promise<unknown> => {
  const actor = createActor(logic, { input });
  const done = toPromise(actor);
  actor.start();
  return done;
};

/** Does what the settings machine may do, in any order and side by side. */
const live = async (random: () => number): Promise<Copy[]> => {
  const copies: Copy[] = [];
  const { sources, proven, guilty, byRevision, fail } = unitOn(random, copies);
  let settings: UnitSettings = await loadEnv(sources);
  const running = new Set<'document' | 'trial'>();
  const start = (region: 'document' | 'trial', work: Promise<unknown>) => {
    running.add(region);
    const end = () => void running.delete(region);
    void work.then(end, end);
  };
  const adopt = async (work: Promise<unknown>) => {
    settings = (await work) as UnitSettings;
  };
  for (let step = 0; step < 60; step += 1) {
    fail(random() < 0.3);
    if (!running.has('document') && random() < 0.4)
      start('document', adopt(run(random() < 0.2 ? loadSettings(sources) : refreshSettings(sources))));
    const { trial } = settings;
    if (trial && !running.has('trial')) {
      const what = random();
      const { revision } = trial;
      if (what < 0.3) start('trial', run(chargeTrial(sources), { revision, spent: step }));
      else if (what < 0.5) {
        proven.add(byRevision.get(revision));
        const { trial: _, ...confirmed } = settings;
        settings = confirmed;
        start('trial', run(confirmEnv(sources), { revision }));
      } else if (what < 0.7) {
        guilty.add(byRevision.get(revision));
        start('trial', adopt(run(restoreEnv(sources), { revision })));
      }
    }
    await settle();
  }
  while (running.size > 0) await settle();
  return copies;
};

test('whatever goes on side by side, and wherever it is cut off or fails, no env is in force untried (U2, U3, U23)', async () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const copies = await live(seeded(seed));
    for (const [index, copy] of copies.entries())
      for (const isFull of [false, true])
        await expectStart(copy, isFull).catch((cause: unknown) => {
          throw new Error(`seed ${seed}, write ${index}${isFull ? ', full disk' : ''}`, { cause });
        });
  }
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirmwareError, RestError } from '../../services/errors.ts';
import type { FirmwareScope } from '../../services/firmware-journal.ts';
import type { SwapOrder } from '../../services/firmware-transitions.ts';
import type { FirmwareStore, StagedFirmware } from '../../services/firmware.ts';
import type { JsonObject } from '../../services/json.ts';
import { inChunks, tarOf, zlibOf, type TarEntry } from '../support/tar.ts';

/** A store, and what runs now. */
export interface FirmwareStoreBench {
  readonly store: FirmwareStore;
  /** The store as the next process opens it. */
  reopen(): FirmwareStore;
  /** The files of the running version; staging is no part of it. */
  live(): Promise<Record<string, string>>;
  /** Writes a file beside the running version's. */
  write(path: string, text: string): Promise<void>;
  /** How many staged versions there are. */
  stagings(): Promise<number>;
  stop(): Promise<void>;
}

const archiveOf = async (...entries: TarEntry[]): Promise<Buffer> => zlibOf(await tarOf(...entries));

const version = (name: string): TarEntry[] => [
  { name: 'env.json', text: `{"PU_COMMIT_VERSION":"${name}"}` },
  { name: 'schema.json', text: '{}' },
  { name: 'src/main.ts', text: `// ${name}` },
  { name: 'src/new.ts', text: name },
];

const namedEnv = (name: string): string => `{"PU_COMMIT_VERSION":"${name}","NAME":"Датчик 🌡"}`;

const trial = { maxStarts: 2, healthyWithinMs: 60_000 };

const order = (to: string, scope: FirmwareScope = 'everything', from = 'old'): SwapOrder => {
  return { scope, from, to, trial };
};

const versionFiles = (name: string): Record<string, string> =>
  Object.fromEntries(version(name).map((entry) => [entry.name, String(entry.text)]));

const failing = async function* () {
  yield (await archiveOf(...version('new'))).subarray(0, 30);
  throw new RestError('timeout', 'late');
};

/** What every firmware store does; it starts on a version `old`, and keeps `log.json` and `data`. */
export const firmwareStoreContract = (start: (old: Record<string, string>) => Promise<FirmwareStoreBench>): void => {
  const kept = { 'log.json': '{}', 'data/readings.txt': 'mine' };
  const old = {
    'env.json': '{"PU_COMMIT_VERSION":"old"}',
    'schema.json': '{"old":1}',
    'src/main.ts': '// old',
    'src/gone.ts': 'gone',
    ...kept,
  };
  /** What no version brings, and so stays. */
  const foreign = { ...kept, 'src/gone.ts': 'gone' };
  let bench: FirmwareStoreBench;
  beforeEach(async () => {
    bench = await start(old);
  });
  afterEach(() => bench.stop());
  const { signal } = new AbortController();
  const stage = async (...entries: TarEntry[]): Promise<StagedFirmware> =>
    bench.store.stage(inChunks(await archiveOf(...entries)), signal);

  test('a staged version is whole, readable and not running', async () => {
    const staged = await stage(...version('new'));
    expect(staged).toMatchObject({ files: 4, bytes: 27 + 2 + 6 + 3 });
    expect(await bench.store.readJson(staged.id, 'env.json')).toEqual({ PU_COMMIT_VERSION: 'new' });
    expect(await bench.store.readJson(staged.id, 'missing.json')).toBeUndefined();
    expect(await bench.live()).toEqual(old);
  });

  const swapTo = async (name: string, scope: FirmwareScope = 'everything', from = 'old'): Promise<void> => {
    const { id } = await stage(...version(name));
    await bench.store.swap(id, order(name, scope, from));
  };

  test('swapping everything leaves the new version and all that no version brought, and starts a trial (U18)', async () => {
    await swapTo('new');
    expect(await bench.live()).toEqual({ ...versionFiles('new'), ...foreign });
    expect(await bench.stagings()).toBe(0);
    expect(await bench.reopen().status()).toEqual({
      phase: 'trial',
      trial: {
        from: 'old',
        to: 'new',
        starts: 0,
        ...trial,
        kept: { folder: '.pepeunit/kept/new', count: 1, names: ['src/main.ts'] },
      },
    });
  });

  test('a file that the last version brought and the new one lacks goes; then nothing has to be kept (U18)', async () => {
    await swapTo('one');
    await bench.store.confirm();
    const { id } = await stage(...version('two').filter(({ name }) => name !== 'src/new.ts'));
    await bench.store.swap(id, order('two', 'everything', 'one'));
    const { 'src/new.ts': _, ...two } = versionFiles('two');
    expect(await bench.live()).toEqual({ ...two, ...foreign });
    expect((await bench.store.status()).trial).not.toHaveProperty('kept');
  });

  test('swapping env and schema leaves the program alone, and settles', async () => {
    await swapTo('new', 'envAndSchema');
    expect(await bench.live()).toEqual({ ...old, 'env.json': '{"PU_COMMIT_VERSION":"new"}', 'schema.json': '{}' });
    expect(await bench.stagings()).toBe(0);
    expect(await bench.store.status()).toEqual({ phase: 'settled' });
  });

  test('swapping a compiled version replaces what it holds and leaves everything else', async () => {
    await swapTo('new', 'compiled');
    expect(await bench.live()).toEqual({ ...old, ...versionFiles('new') });
    await bench.store.rollBack({ reason: 'crashed' });
    expect(await bench.live()).toEqual(old);
  });

  test("once a version is confirmed, files of the app are not held to be the next one's to remove", async () => {
    await swapTo('one');
    await bench.store.confirm();
    await bench.write('made-by-the-app.txt', 'x');
    const { id } = await stage({ name: 'env.json', text: '{}' }, { name: 'schema.json', text: '{}' });
    await bench.store.swap(id, order('two', 'everything', 'one'));
    expect(await bench.live()).toEqual({
      'env.json': '{}',
      'schema.json': '{}',
      'made-by-the-app.txt': 'x',
      ...foreign,
    });
  });

  test('a trial that is confirmed is settled for good; confirming again changes nothing (U12, U13)', async () => {
    await swapTo('new');
    expect(await bench.store.countStart()).toMatchObject({ trial: { starts: 1 } });
    await bench.store.confirm();
    const settled = { phase: 'settled', outcome: { version: 'new', result: 'confirmed' } };
    expect(await bench.reopen().status()).toEqual(settled);
    await bench.store.confirm();
    for (let starts = 0; starts < 50; starts += 1) expect(await bench.store.countStart()).toEqual(settled);
    await bench.store.rollBack({ reason: 'a report failed' });
    expect(await bench.store.status()).toEqual(settled);
    expect(await bench.live()).toEqual({ ...versionFiles('new'), ...foreign });
    await bench.store.forgetOutcome();
    expect(await bench.store.status()).toEqual({ phase: 'settled' });
  });

  test('a trial that is rolled back leaves exactly the old version, and remembers the new one (U11, U14)', async () => {
    await swapTo('new');
    await bench.reopen().countStart();
    expect(await bench.reopen().countStart()).toMatchObject({ trial: { starts: 2, maxStarts: 2 } });
    await bench.reopen().rollBack({ reason: 'it crashed' });
    expect(await bench.live()).toEqual(old);
    const why = { version: 'new', reason: 'it crashed' };
    const failed = { ...why, at: expect.any(Number) as number };
    const rolledBack = { phase: 'settled', failed, outcome: { ...why, result: 'rolledBack' } };
    expect(await bench.reopen().status()).toEqual(rolledBack);
    await bench.store.rollBack({ reason: 'again' });
    expect(await bench.reopen().recover()).toEqual(rolledBack);
    await bench.store.forgetOutcome();
    expect(await bench.store.status()).toEqual({ phase: 'settled', failed });
  });

  const putEnv = (text: string, writes = text): Promise<void> =>
    bench.reopen().replaceEnv(JSON.parse(text) as JsonObject, () => bench.write('env.json', writes));

  test('an env that comes during a trial is in force after the rollback, under the old version (U2)', async () => {
    await swapTo('new');
    await putEnv(namedEnv('newest'), namedEnv('new'));
    expect(await bench.live()).toEqual({ ...versionFiles('new'), ...foreign, 'env.json': namedEnv('new') });
    await bench.reopen().rollBack({ reason: 'it crashed' });
    const live = await bench.live();
    expect(JSON.parse(live['env.json'] ?? '')).toEqual(JSON.parse(namedEnv('old')));
    expect({ ...live, 'env.json': '' }).toEqual({ ...old, 'env.json': '' });
  });

  test('outside a trial an env is just written', async () => {
    await swapTo('new');
    await bench.store.confirm();
    await putEnv(namedEnv('new'));
    expect((await bench.live())['env.json']).toBe(namedEnv('new'));
  });

  test('while a trial waits its starts do not count, until the wait ends or one fails by itself (U11)', async () => {
    await swapTo('new');
    await bench.store.countStart();
    await bench.store.noteWait(15_000);
    for (let starts = 0; starts < 50; starts += 1) await bench.reopen().countStart();
    expect((await bench.reopen().status()).trial).toMatchObject({ starts: 0, isWaiting: true, waitedMs: 15_000 });
    await bench.store.endWait();
    expect((await bench.reopen().status()).trial).toMatchObject({ starts: 1, waitedMs: 15_000 });
    await bench.store.noteWait(30_000);
    await bench.store.noteFailure({ reason: 'no sensor', code: 'failed' });
    expect((await bench.reopen().status()).trial).toMatchObject({ starts: 1, failure: { reason: 'no sensor' } });
  });

  test('who supervises a trial may set its terms', async () => {
    await swapTo('new');
    const status = await bench.store.countStart({ maxStarts: 7, healthyWithinMs: 5 });
    expect(status.trial).toMatchObject({ starts: 1, maxStarts: 7, healthyWithinMs: 5 });
    expect((await bench.reopen().status()).trial).toMatchObject({ maxStarts: 7, healthyWithinMs: 5 });
  });

  test('another version clears the memory of the one that failed (U14)', async () => {
    await swapTo('bad');
    await bench.store.rollBack({ reason: 'crashed' });
    await swapTo('good');
    expect((await bench.store.status()).failed).toBeUndefined();
    expect(await bench.live()).toEqual({ ...versionFiles('good'), ...foreign });
  });

  test('during a trial no other version takes its place (U15)', async () => {
    await swapTo('one');
    const { id } = await stage(...version('two'));
    await expect(bench.store.swap(id, order('two'))).rejects.toMatchObject({ name: 'FirmwareError', code: 'busy' });
    expect(await bench.live()).toEqual({ ...versionFiles('one'), ...foreign });
  });

  test('recovering a unit that was never updated changes nothing', async () => {
    expect(await bench.store.recover()).toEqual({ phase: 'settled' });
    expect(await bench.store.recover()).toEqual({ phase: 'settled' });
    expect(await bench.live()).toEqual(old);
  });

  test('a version swaps once; an unknown one has nothing to read, and is discarded in peace', async () => {
    const { id } = await stage(...version('new'));
    await bench.store.swap(id, order('new'));
    await expect(bench.store.swap(id, order('new'))).rejects.toBeInstanceOf(FirmwareError);
    expect(await bench.store.readJson(id, 'env.json')).toBeUndefined();
    await bench.store.discard(id);
    await bench.store.discard('../../etc');
  });

  test('two versions may be staged at once, and one discarded', async () => {
    const [a, b] = [await stage(...version('a')), await stage(...version('b'))];
    expect(await bench.stagings()).toBe(2);
    await bench.store.discard(a.id);
    await bench.store.swap(b.id, order('b'));
    expect((await bench.live())['src/main.ts']).toBe('// b');
    expect(await bench.stagings()).toBe(0);
  });

  test('an archive that is hostile after good files leaves nothing behind (U7)', async () => {
    await expect(stage(...version('new'), { name: '../../escape', text: 'x' })).rejects.toMatchObject({
      code: 'hostile',
    });
    expect(await bench.live()).toEqual(old);
    expect(await bench.stagings()).toBe(0);
  });

  test('a truncated archive leaves nothing behind (U5)', async () => {
    const whole = await archiveOf(...version('new'));
    for (const size of [0, 10, whole.length - 5]) {
      await expect(bench.store.stage(inChunks(whole.subarray(0, size)), signal)).rejects.toMatchObject({
        code: 'malformed',
      });
    }
    expect(await bench.live()).toEqual(old);
    expect(await bench.stagings()).toBe(0);
  });

  test("a failing download is told as the download's own error", async () => {
    await expect(bench.store.stage(failing(), signal)).rejects.toMatchObject({ name: 'RestError', code: 'timeout' });
    expect(await bench.stagings()).toBe(0);
  });

  test('a download that is given up leaves nothing behind', async () => {
    const abort = new AbortController();
    const whole = await archiveOf(...version('new'));
    const aborting = async function* () {
      yield whole.subarray(0, 30);
      abort.abort();
      yield whole.subarray(30);
    };
    await expect(bench.store.stage(aborting(), abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(await bench.live()).toEqual(old);
    expect(await bench.stagings()).toBe(0);
  });

  test('a JSON file that is none is malformed, and its text is not shown', async () => {
    const { id } = await stage({ name: 'env.json', text: 'canary-secret' });
    const thrown: unknown = await bench.store.readJson(id, 'env.json').catch((error: unknown) => error);
    expect(thrown).toMatchObject({ name: 'FirmwareError', code: 'malformed' });
    expect((thrown as Error).message).not.toContain('canary');
  });
};

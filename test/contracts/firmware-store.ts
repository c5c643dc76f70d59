import { afterEach, beforeEach, expect, test } from 'vitest';
import { FirmwareError, RestError } from '../../services/errors.ts';
import type { FirmwareStore, StagedFirmware } from '../../services/firmware.ts';
import { inChunks, tarOf, zlibOf, type TarEntry } from '../support/tar.ts';

/** A store, and what runs now. */
export interface FirmwareStoreBench {
  readonly store: FirmwareStore;
  /** The files of the running version; staging is no part of it. */
  live(): Promise<Record<string, string>>;
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

const failing = async function* () {
  yield (await archiveOf(...version('new'))).subarray(0, 30);
  throw new RestError('timeout', 'late');
};

/** What every firmware store does; it starts on a version `old` with a file `keep.txt` of its own. */
export const firmwareStoreContract = (start: (old: Record<string, string>) => Promise<FirmwareStoreBench>): void => {
  const old = {
    'env.json': '{"PU_COMMIT_VERSION":"old"}',
    'schema.json': '{"old":1}',
    'src/main.ts': '// old',
    'keep.txt': 'mine',
  };
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

  test('swapping everything replaces, adds and keeps the rest', async () => {
    const { id } = await stage(...version('new'));
    await bench.store.swap(id, 'everything');
    expect(await bench.live()).toEqual({
      'env.json': '{"PU_COMMIT_VERSION":"new"}',
      'schema.json': '{}',
      'src/main.ts': '// new',
      'src/new.ts': 'new',
      'keep.txt': 'mine',
    });
    expect(await bench.stagings()).toBe(0);
  });

  test('swapping env and schema leaves the program alone', async () => {
    const { id } = await stage(...version('new'));
    await bench.store.swap(id, 'envAndSchema');
    expect(await bench.live()).toEqual({ ...old, 'env.json': '{"PU_COMMIT_VERSION":"new"}', 'schema.json': '{}' });
    expect(await bench.stagings()).toBe(0);
  });

  test('a version swaps once; an unknown one has nothing to read, and is discarded in peace', async () => {
    const { id } = await stage(...version('new'));
    await bench.store.swap(id, 'everything');
    await expect(bench.store.swap(id, 'everything')).rejects.toBeInstanceOf(FirmwareError);
    expect(await bench.store.readJson(id, 'env.json')).toBeUndefined();
    await bench.store.discard(id);
    await bench.store.discard('../../etc');
  });

  test('two versions may be staged at once, and one discarded', async () => {
    const [a, b] = [await stage(...version('a')), await stage(...version('b'))];
    expect(await bench.stagings()).toBe(2);
    await bench.store.discard(a.id);
    await bench.store.swap(b.id, 'everything');
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
    expect(String((thrown as Error).message)).not.toContain('canary');
  });
};

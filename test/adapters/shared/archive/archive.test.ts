import { Readable } from 'node:stream';
import zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readArchive } from '../../../../adapters/shared/archive/archive.ts';
import { exactNames } from '../../../../adapters/shared/archive/entry-names.ts';
import { FirmwareError, RestError } from '../../../../services/errors.ts';
import { defaultArchiveLimits } from '../../../../services/firmware.ts';
import { inChunks, paxEntry, rawHeader, tarEnd, tarOf, zlibOf, type TarEntry } from '../../../support/tar.ts';
import { failure, program, readAll } from './read-archive.ts';

describe('formats', () => {
  const formats: [string, (tar: Uint8Array) => Uint8Array][] = [
    ['a plain tar', (tar) => tar],
    ['gzip', (tar) => zlib.gzipSync(tar)],
    ...[9, 12, 15].map((windowBits): [string, (tar: Uint8Array) => Uint8Array] => [
      `zlib, window of ${windowBits} bits`,
      (tar) => zlib.deflateSync(tar, { windowBits, level: 9 }),
    ]),
    ...[0, 1, 9].map((level): [string, (tar: Uint8Array) => Uint8Array] => [
      `raw deflate, level ${level}`,
      (tar) => zlib.deflateRawSync(tar, { level }),
    ]),
  ];
  test.each(formats)('%s is found out and read', async (_name, packed) => {
    expect(await readAll(packed(await tarOf(...program)))).toEqual([
      { path: 'env.json', kind: 'file', isExecutable: false, text: '{"PU_COMMIT_VERSION":"abc"}' },
      { path: 'src', kind: 'folder', isExecutable: false, text: '' },
      { path: 'src/main.ts', kind: 'file', isExecutable: false, text: 'x'.repeat(5000) },
      { path: 'run.sh', kind: 'file', isExecutable: true, text: '#!/bin/sh' },
      { path: 'empty.txt', kind: 'file', isExecutable: false, text: '' },
    ]);
  });

  test('long and non-ASCII names come through', async () => {
    const name = `${'длинное имя/'.repeat(15)}файл.txt`;
    expect((await readAll(await tarOf({ name, text: 'x' })))[0]?.path).toBe(name);
  });

  test('one byte at a time is as good as all at once', async () => {
    expect(await readAll(inChunks(zlibOf(await tarOf(...program)), 1))).toHaveLength(5);
  });

  test('content that is not read is passed over', async () => {
    const paths: string[] = [];
    for await (const { path } of readArchive(inChunks(await tarOf(...program)), defaultArchiveLimits, exactNames))
      paths.push(path);
    expect(paths).toEqual(['env.json', 'src', 'src/main.ts', 'run.sh', 'empty.txt']);
  });
});

describe('hostile archives are refused (U7)', () => {
  const refusedNames = ['../escape', './../x', 'x/../../y', 'a/..', '/etc/passwd', 'a\\b', 'line\nbreak'];
  test.each(refusedNames)('the name %j', async (name) => {
    expect(await failure(await tarOf({ name: 'fine.txt', text: 'x' }, { name, text: 'x' }))).toBe('hostile');
  });

  const refusedTypes: TarEntry[] = [
    { name: 'l', type: 'symlink', linkname: '/etc/passwd' },
    { name: 'l', type: 'link', linkname: 'env.json' },
    { name: 'l', type: 'character-device' },
    { name: 'l', type: 'block-device' },
    { name: 'l', type: 'fifo' },
    { name: 'l', type: 'contiguous-file' },
  ];
  test.each(refusedTypes)('an entry of type $type', async (entry) => {
    expect(await failure(Buffer.concat([rawHeaderOf(entry), tarEnd]))).toBe('hostile');
  });

  test.each([
    ['twice', ['a', 'a']],
    ['as a file and a folder', ['a', 'a/b']],
    ['as a folder and a file', ['a/b', 'a']],
    ['behind another spelling', ['a/b', './a//b']],
  ])('a name %s', async (_how, names) => {
    expect(await failure(await tarOf(...names.map((name) => ({ name, text: 'x' }))))).toBe('hostile');
  });

  test.each(['../../escape', '/etc/cron.d/x', 'a\0b'])('a PAX path that overrides a harmless one: %j', async (path) => {
    expect(['hostile', 'malformed']).toContain(await failure(Buffer.concat([paxEntry('path', path, 'x'), tarEnd])));
  });
});

const typeFlags: Record<string, string> = {
  symlink: '2',
  link: '1',
  'character-device': '3',
  'block-device': '4',
  fifo: '6',
  'contiguous-file': '7',
};
const rawHeaderOf = ({ name, type }: TarEntry): Buffer => rawHeader(name, typeFlags[type ?? ''] ?? '0', 0);

describe('damaged archives are refused (U5)', () => {
  test('nothing, text, HTML and JSON', async () => {
    for (const body of ['', 'x', '<!doctype html><html></html>', '{"detail":"no"}', 'x'.repeat(2000)]) {
      expect(await failure(Buffer.from(body))).toBe('malformed');
    }
  });

  test('cut anywhere, packed or not', async () => {
    const tar = await tarOf({ name: 'a', text: 'x'.repeat(700) }, { name: 'zeros', text: new Uint8Array(2048) });
    for (const whole of [tar, zlibOf(tar), zlib.gzipSync(tar)]) {
      for (let size = 1; size < whole.length; size += whole === tar ? 256 : 3) {
        expect(await failure(whole.subarray(0, size))).toBe('malformed');
      }
    }
  });

  test('a flipped bit never gives other files', async () => {
    const whole = zlibOf(await tarOf(...program));
    const wanted = await readAll(whole);
    let refused = 0;
    for (let at = 2; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      const read = await readAll(damaged).catch((error: unknown) => error);
      // Deflate has a few bits that mean nothing.
      if (read instanceof FirmwareError) refused += 1;
      expect(read instanceof FirmwareError ? wanted : read).toEqual(wanted);
    }
    expect(refused).toBeGreaterThan(whole.length * 0.9);
  });

  test("the source's own failure passes through", async () => {
    const whole = zlibOf(await tarOf(...program));
    const failing = async function* () {
      yield whole.subarray(0, 20);
      throw new RestError('timeout', 'late');
    };
    await expect(readAll(failing())).rejects.toMatchObject({ name: 'RestError', code: 'timeout' });
  });
});

const mebibyte = 1024 * 1024;

/** A small archive of one file of zeros. */
const bombOf = async (size: number): Promise<Buffer> => {
  const zeros = new Uint8Array(mebibyte);
  const parts = function* () {
    yield rawHeader('bomb', '0', size);
    for (let at = 0; at < size; at += mebibyte) yield zeros;
    yield tarEnd;
  };
  return Buffer.concat(
    await Readable.from(parts())
      .pipe(zlib.createDeflate({ level: 9 }))
      .toArray(),
  );
};

describe('limits (U6)', () => {
  test('entries, bytes, packed bytes and path length', async () => {
    const tar = await tarOf(...program);
    expect(await failure(tar, { entries: 3 })).toBe('tooLarge');
    expect(await failure(tar, { unpackedBytes: 4000 })).toBe('tooLarge');
    expect(await failure(tar, { compressedBytes: 1000 })).toBe('tooLarge');
    expect(await failure(tar, { pathLength: 5 })).toBe('tooLarge');
  });

  test('a bomb is refused at its header', async () => {
    const bomb = await bombOf(200 * mebibyte);
    expect(bomb.length).toBeLessThan(256 * 1024);
    expect(await failure(bomb, { unpackedBytes: 100 * mebibyte })).toBe('tooLarge');
  });

  test('memory stays flat while a bomb within the limit unfolds', async () => {
    const bomb = await bombOf(200 * mebibyte);
    const before = process.memoryUsage().rss;
    let [bytes, most] = [0, 0];
    const limits = { ...defaultArchiveLimits, ratio: 2000 };
    for await (const { content } of readArchive(inChunks(bomb, 65_536), limits, exactNames)) {
      for await (const chunk of content) {
        bytes += chunk.length;
        most = Math.max(most, process.memoryUsage.rss());
      }
    }
    expect(bytes).toBe(200 * mebibyte);
    expect(most - before).toBeLessThan(100 * mebibyte);
  });

  test('a chain of headers without an entry ends as well', async () => {
    const record = Buffer.alloc(1024 * 1024, 'a');
    const link = Buffer.concat([rawHeader('pax', 'x', record.length), record]);
    const chain = async function* () {
      for (let count = 0; count < 100; count += 1) yield link;
    };
    expect(await failure(chain())).toBe('tooLarge');
  });
});

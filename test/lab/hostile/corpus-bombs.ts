import { Readable } from 'node:stream';
import { createDeflate, createDeflateRaw, createGzip } from 'node:zlib';
import type { Specimen } from './specimen.ts';
import { end, entry, globalPax, pax, record } from './tar-writer.ts';

const mebibyte = 1024 * 1024;
const zeros = Buffer.alloc(mebibyte);
const octal = (size: number): string => `${size.toString(8).padStart(11, '0')}\0`;

function* fileOfZeros(megabytes: number): Generator<Buffer> {
  yield entry({ name: 'zeros.bin', size: octal(megabytes * mebibyte) });
  for (let count = 0; count < megabytes; count += 1) yield zeros;
  yield end;
}

function* manyFiles(count: number, sizeEach: number): Generator<Buffer> {
  const content = Buffer.alloc(sizeEach);
  for (let at = 0; at < count; at += 1) yield entry({ name: `files/${at}`, content });
  yield end;
}

function* endlessEnd(megabytes: number): Generator<Buffer> {
  yield entry({ name: 'x' });
  for (let count = 0; count < megabytes; count += 1) yield zeros;
}

function* repeated(block: Buffer, count: number): Generator<Buffer> {
  for (let at = 0; at < count; at += 1) yield block;
  yield end;
}

const packed = (blocks: () => Iterable<Buffer>, packer: () => NodeJS.ReadWriteStream) => () =>
  Readable.from(blocks()).pipe(packer()) as AsyncIterable<Uint8Array>;

const bomb = (what: string, blocks: () => Iterable<Buffer>, packer = () => createDeflate({ level: 9 })): Specimen => ({
  name: `bomb: ${what}`,
  make: packed(blocks, packer),
});

/** Small archives that unpack to far more than they should, or never end. */
export const bombs: readonly Specimen[] = [
  bomb('a file of 250 MB of zeros in zlib', () => fileOfZeros(250)),
  {
    name: 'bomb: a file of 250 MB of zeros in gzip',
    make: packed(
      () => fileOfZeros(250),
      () => createGzip({ level: 9 }),
    ),
  },
  {
    name: 'bomb: a file of 250 MB of zeros in raw deflate',
    make: packed(
      () => fileOfZeros(250),
      () => createDeflateRaw({ level: 9 }),
    ),
  },
  bomb('a file of 2 GB, announced', () => [entry({ name: 'big', size: octal(2 ** 31) })]),
  bomb('200 files of 1 MB of zeros', () => manyFiles(200, mebibyte)),
  bomb('2,001 empty files where 2,000 are allowed', () => manyFiles(2001, 0)),
  bomb('an end of 100 MB', () => endlessEnd(100)),
  bomb('100,000 global headers', () => repeated(globalPax(record('comment', 'x')), 100_000)),
  bomb('1,000 pax headers of 200 KiB, each with its entry', () =>
    repeated(Buffer.concat([pax(record('comment', 'x'.repeat(200 * 1024))), entry({})]), 1000),
  ),
  {
    name: 'bomb: 300 MB as they come over the wire',
    make: async function* () {
      yield entry({ name: 'big', size: octal(300 * mebibyte) });
      for (let count = 0; count < 300; count += 1) yield zeros;
    },
  },
];

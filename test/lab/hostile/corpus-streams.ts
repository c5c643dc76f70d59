import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { Specimen } from './specimen.ts';
import { entry, tar } from './tar-writer.ts';

/** Bytes that look random and are the same each time (xorshift32). */
export const noise = (size: number, seed = 1): Buffer => {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let at = 0; at < size; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
};

const whole = (): Buffer =>
  tar(
    entry({ name: 'env.json', content: '{"PU_COMMIT_VERSION":"new"}' }),
    entry({ name: 'schema.json', content: '{}' }),
    entry({ name: 'src/main.js', content: 'console.log("new");\n'.repeat(200) }),
    entry({ name: 'src/noise.bin', content: noise(3000) }),
  );

const packers = {
  'plain tar': (bytes: Uint8Array) => Buffer.from(bytes),
  zlib: (bytes: Uint8Array) => deflateSync(bytes, { windowBits: 9, level: 9 }),
  gzip: (bytes: Uint8Array) => gzipSync(bytes),
  'raw deflate': (bytes: Uint8Array) => deflateRawSync(bytes),
} as const;

const inEach = (make: (pack: (bytes: Uint8Array) => Buffer, format: string) => Specimen[]): Specimen[] =>
  Object.entries(packers).flatMap(([format, pack]) => make(pack, format));

const cuts = inEach((pack, format) =>
  [1, 2, 9, 100, 0.25, 0.5, 0.75, 0.95].map((at) => ({
    name: `cut: ${format}, ${at < 1 ? `${at * 100} % of it` : `${at} bytes`}`,
    make: () => {
      const bytes = pack(whole());
      return bytes.subarray(0, at < 1 ? Math.floor(bytes.length * at) : at);
    },
  })),
);

/** The last byte of each: of the end of a tar, of a checksum, or of the last deflate block. */
const lastBytes = inEach((pack, format) => [
  { name: `cut: ${format}, all but its last byte`, make: () => pack(whole()).subarray(0, -1) },
]);

const flipped = (bytes: Buffer, at: number): Buffer => {
  bytes[at] = (bytes[at] ?? 0) ^ 0x04;
  return bytes;
};

const flips: Specimen[] = [
  ...Array.from({ length: 40 }, (_, count) => ({
    name: `flip: zlib, a bit at ${Math.round((count / 39) * 100)} % of it`,
    make: () => {
      const bytes = packers.zlib(whole());
      return flipped(bytes, 2 + Math.floor((count / 39) * (bytes.length - 3)));
    },
  })),
  ...[0, 60, 99, 124, 135, 148, 156, 257, 400].map((at) => ({
    name: `flip: plain tar, a bit in its first header at ${at}`,
    make: () => flipped(packers['plain tar'](whole()), at),
  })),
];

const behind = (format: keyof typeof packers, what: string, more: () => Uint8Array): Specimen => ({
  name: `seam: ${what} behind ${format}`,
  make: () => Buffer.concat([packers[format](whole()), more()]),
});

const second = (): Buffer => tar(entry({ name: '../escape', content: 'x' }));

const joints: Specimen[] = [
  behind('zlib', 'text', () => Buffer.from('text')),
  behind('zlib', 'zeros', () => Buffer.alloc(100)),
  behind('zlib', 'a second stream', () => packers.zlib(second())),
  behind('gzip', 'text', () => Buffer.from('text')),
  behind('gzip', 'zeros', () => Buffer.alloc(100)),
  behind('gzip', 'a second member', () => packers.gzip(second())),
  behind('gzip', 'half a member', () => packers.gzip(second()).subarray(0, 12)),
  behind('raw deflate', 'text', () => Buffer.from('text')),
  behind('raw deflate', 'a second stream', () => packers['raw deflate'](second())),
];

const foreign: readonly (readonly [string, Uint8Array | string])[] = [
  ['nothing', ''],
  ['one byte', 'x'],
  ['an error page', '<!doctype html><html><title>502 Bad Gateway</title></html>'],
  ['a JSON answer', '{"detail":"Not found"}'],
  ['a long text', 'pepeunit '.repeat(500)],
  ['zeros', Buffer.alloc(10_240)],
  ['noise', noise(10_000)],
  ['a zip', Buffer.concat([Buffer.from('504b030414000000', 'hex'), noise(600)])],
  ['a bzip2', Buffer.concat([Buffer.from('BZh9'), noise(600)])],
  ['an xz', Buffer.concat([Buffer.from('fd377a585a00', 'hex'), noise(600)])],
  ['a zstd', Buffer.concat([Buffer.from('28b52ffd', 'hex'), noise(600)])],
  ['a 7z', Buffer.concat([Buffer.from('377abcaf271c', 'hex'), noise(600)])],
  ['an ELF program', Buffer.concat([Buffer.from('7f454c46', 'hex'), noise(600)])],
  ['a zlib stream of text', deflateSync('no tar at all '.repeat(100))],
  ['a gzip of a gzip of a tar', gzipSync(gzipSync(whole()))],
  ['a zlib stream with a dictionary', deflateSync(whole(), { dictionary: Buffer.from('env.json') })],
];

/** Streams that are cut, damaged, followed by something, or something else. */
export const streams: readonly Specimen[] = [
  ...cuts,
  ...lastBytes,
  ...flips,
  ...joints,
  ...foreign.map(([what, bytes]): Specimen => ({
    name: `no archive: ${what}`,
    make: () => Buffer.from(bytes as string),
  })),
];

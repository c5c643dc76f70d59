/**
 * Stages an archive of 100 MB in 10,000 files, half of them incompressible, and lets GNU tar extract the same archive,
 * by turns, each into a folder of its own; prints times, ratios and memory, and JSON as the last line. Staging ends when
 * all is on disk; for tar that is measured with and without. Reading alone, with
 * nothing written, is compared with `tar t`.
 */
import { execFileSync, fork } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';

const rounds = Number(process.env.BENCH_ROUNDS ?? 5);
const files = 10_000;
const sizes = [2000, 6000, 10_000, 14_000, 20_488];
const here = (name) => new URL(name, import.meta.url).pathname;

/** Bytes that look random and are the same each time (xorshift32). */
const noise = (size) => {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = 2463534242;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state >>> 0;
  }
  return Buffer.from(words.buffer);
};

const writeArchive = async (path) => {
  const incompressible = noise(64 * 1024 * 1024);
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 6 }), createWriteStream(path));
  let bytes = 0;
  for (let index = 0; index < files; index += 1) {
    const size = sizes[index % sizes.length];
    const start = (index * 6151) % (incompressible.length - size);
    const content =
      index % 2 === 0
        ? incompressible.subarray(start, start + size)
        : Buffer.from(`line of program number ${index}\n`.repeat(size)).subarray(0, size);
    await new Promise((resolve) => tar.entry({ name: `src/d${index % 200}/f${index}` }, content, resolve));
    bytes += size;
  }
  tar.finalize();
  await written;
  return bytes;
};

const timed = (work) => {
  const start = performance.now();
  work();
  return performance.now() - start;
};

const tarInto = (archive, folder) => {
  const extracted = timed(() => execFileSync('tar', ['xzf', archive, '-C', folder]));
  return { extracted, durable: extracted + timed(() => execFileSync('sync', ['-f', folder])) };
};

/** Stages the archive into a folder; without one, only reads it. */
const subject = (archive, ...folder) =>
  new Promise((resolve, reject) => {
    const child = fork(here('archive-subject.mjs'), [archive, ...folder]);
    let result;
    child.on('message', (message) => (result = message));
    child.on('exit', (code) => (code === 0 && result ? resolve(result) : reject(new Error(`ended with ${code}`))));
  });

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const round = (number) => Number(number.toFixed(2));

const root = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));
try {
  const archive = join(root, 'archive.tgz');
  const bytes = await writeArchive(archive);
  const packed = (await stat(archive)).size;
  console.log(
    `Node ${process.version}: ${files} files of ${bytes} bytes, ${packed} packed; median of ${rounds} rounds`,
  );
  const results = [];
  // Nothing is removed in between: ext4 is slow to make files just after many were removed.
  for (let index = 0; index < rounds; index += 1) {
    const [tarFolder, unitFolder] = [join(root, `tar-${index}`), join(root, `unit-${index}`)];
    await mkdir(tarFolder);
    await mkdir(unitFolder);
    const first = index % 2 === 0 ? tarInto(archive, tarFolder) : undefined;
    const staged = await subject(archive, unitFolder);
    const tar = first ?? tarInto(archive, tarFolder);
    const listed = timed(() => execFileSync('tar', ['tzf', archive], { stdio: 'ignore' }));
    const read = await subject(archive);
    results.push({ tar, staged, listed, read });
    const { extracted, durable } = tar;
    console.log(
      `tar ${extracted.toFixed()} ms, with sync ${durable.toFixed()} ms; staging ${staged.ms.toFixed()} ms, ${staged.rssMb.toFixed(1)} MB above idle`,
    );
  }
  const of = (pick) => round(median(results.map(pick)));
  console.log(
    JSON.stringify({
      ratio: of(({ tar, staged }) => staged.ms / tar.extracted),
      ratioOfReading: of(({ listed, read }) => read.ms / listed),
      ratioToTarWithSync: of(({ tar, staged }) => staged.ms / tar.durable),
      peakRssMb: round(Math.max(...results.map(({ staged }) => staged.rssMb))),
      files,
      bytes,
      rounds,
    }),
  );
} finally {
  await rm(root, { recursive: true, force: true });
}

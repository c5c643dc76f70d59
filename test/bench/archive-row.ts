import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { pack } from 'tar-stream';
import { compared, judged, type RowHead } from './result.ts';
import type { Row, Run } from './row.ts';
import { spreadOf } from './spread.ts';
import { runPairs, runSubject, sourceFlags, type Pair, type Subject } from './subject.ts';

interface Measurement {
  readonly ms: number;
  /** Above the process at rest; nothing for tar. */
  readonly rssMb: number;
}

/** The sizes of its files by turns, 105 MB in 10,000 of them. */
const sizes = [2000, 6000, 10_000, 14_000, 20_488] as const;

/** Bytes that look random and are the same each time (xorshift32). */
const noise = (size: number): Buffer => {
  const words = new Uint32Array(Math.ceil(size / 4));
  let state = 2_463_534_242;
  for (let at = 0; at < words.length; at += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state >>> 0;
  }
  return Buffer.from(words.buffer);
};

/** Writes an archive, half of it incompressible. */
const writeArchive = async (path: string, files: number): Promise<void> => {
  const incompressible = noise(64 * 1024 * 1024);
  const tar = pack();
  const written = pipeline(tar, createGzip({ level: 6 }), createWriteStream(path));
  for (let index = 0; index < files; index += 1) {
    const size = sizes[index % sizes.length] ?? 0;
    const start = (index * 6151) % (incompressible.length - size);
    const text = Buffer.alloc(size, `line of program number ${index}\n`);
    const content = index % 2 === 0 ? incompressible.subarray(start, start + size) : text;
    await new Promise((resolve) => tar.entry({ name: `src/d${index % 200}/f${index}` }, content, resolve));
  }
  tar.finalize();
  await written;
};

/** What tar takes until all is on disk, as it is for a unit. */
const extract = (archive: string, folder: string): Measurement => {
  const start = performance.now();
  execFileSync('tar', ['xzf', archive, '-C', folder]);
  execFileSync('sync', ['-f', folder]);
  return { ms: performance.now() - start, rssMb: 0 };
};

const measurePairs = async ({ pairs, quick }: Run): Promise<Pair<Measurement>[]> => {
  const root = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));
  const archive = join(root, 'archive.tgz');
  let made = 0;
  const measure = async (subject: Subject): Promise<Measurement> => {
    // Nothing is removed in between: ext4 is slow to make files just after many were removed.
    const folder = join(root, String((made += 1)));
    await mkdir(folder);
    if (subject === 'bare') return extract(archive, folder);
    return runSubject({ program: 'archive', setup: { archive, folder }, flags: sourceFlags });
  };
  try {
    await writeArchive(archive, quick ? 100 : 10_000);
    return await runPairs(pairs, measure);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
};

/** Rows of an update's archive that is staged, beside GNU tar: how long that takes, and the memory above the process at rest. */
export const archiveRow = ({ time, memory }: { readonly time: RowHead; readonly memory: RowHead }): Row => ({
  heads: [time, memory],
  run: async (run) => {
    const pairs = await measurePairs(run);
    return [
      judged(time, compared(pairs.map(({ bare, unit }) => ({ bare: bare.ms, unit: unit.ms })))),
      judged(memory, { unit: spreadOf(pairs.map(({ unit }) => unit.rssMb)) }),
    ];
  },
});

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');

/** What npm says of a tarball that it has packed. */
interface PackReport {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** The built package as npm packs it. */
export interface PackedPackage {
  readonly tarball: Buffer;
  readonly unpackedSize: number;
  /** Paths of the packed files, from the root of the package. */
  readonly files: readonly string[];
}

const pack = async (): Promise<PackedPackage> => {
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-packed-'));
  try {
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      maxBuffer: 16 * 1024 ** 2,
    });
    const [report] = JSON.parse(stdout) as [PackReport];
    const { filename, unpackedSize, files } = report;
    return {
      tarball: await readFile(join(folder, filename)),
      unpackedSize,
      files: files.map(({ path }) => path),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

let packed: Promise<PackedPackage> | undefined;

/** Packs the built package, once for all tests of a worker. */
export const packedPackage = (): Promise<PackedPackage> => (packed ??= pack());

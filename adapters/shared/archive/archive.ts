import { extract, type Extract, type Header } from 'tar-stream';
import { FirmwareError } from '../../../services/errors.ts';
import type { ArchiveLimits } from '../../../services/firmware.ts';
import { entryPath, nameRegister, type EntryKind } from './entry-names.ts';
import { decompressed, inflate, noting, type Decompress, type SourceFailure } from './decompress.ts';
import { tarWatch, tooLarge, type TarWatch } from './tar-guard.ts';

/** A file or folder of an archive, checked. */
export interface ArchiveEntry {
  /** `a/b/c`, relative, and nowhere else than in the archive's own folder. */
  readonly path: string;
  readonly kind: EntryKind;
  /** Bytes; 0 for a folder. */
  readonly size: number;
  readonly isExecutable: boolean;
  /** To be read before the next entry is asked for; what is left is passed over. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** So much may unpack from however little: small archives pack well. */
const freeBytes = 16 * 1024 * 1024;

/** Watches how much comes in packed and goes out unpacked. */
const ratioMeter = ({ compressedBytes, ratio }: ArchiveLimits) => {
  let packed = 0;
  let unpacked = 0;
  return {
    async *count(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of source) {
        packed += chunk.length;
        if (packed > compressedBytes) throw tooLarge(`it is larger than ${compressedBytes} bytes`);
        yield chunk;
      }
    },
    see: (chunk: Uint8Array): void => {
      unpacked += chunk.length;
      if (unpacked > freeBytes && unpacked > packed * ratio) {
        throw tooLarge(`it unpacks to more than ${ratio} times its size`);
      }
    },
  };
};

const roomIn = (tar: Extract): Promise<void> =>
  new Promise((resolve) => {
    const go = () => {
      tar.off('drain', go).off('close', go);
      resolve();
    };
    tar.on('drain', go).on('close', go);
  });

/** Feeds the reader until it has all or is gone; a failure goes through the reader to whoever reads it. */
const feed = async (tar: Extract, source: AsyncIterable<Uint8Array>, watch: TarWatch): Promise<void> => {
  try {
    for await (const chunk of source) {
      watch.see(chunk);
      if (tar.destroying) return;
      if (!tar.write(chunk)) await roomIn(tar);
      if (tar.destroying) return;
    }
    watch.end();
    tar.end(null);
  } catch (cause) {
    tar.destroy(cause as Error);
  }
};

/** The source's own failure as it is; anything that the tar reader says as a damaged archive. */
const readFailure = (cause: unknown, failure: SourceFailure): unknown => {
  if ('cause' in failure) return failure.cause;
  if (cause instanceof FirmwareError) return cause;
  return new FirmwareError('malformed', 'The archive is damaged, or no tar. Download it again.', { cause });
};

async function* contentOf(stream: AsyncIterable<Uint8Array>, failure: SourceFailure): AsyncGenerator<Uint8Array> {
  try {
    yield* stream;
  } catch (cause) {
    throw readFailure(cause, failure);
  }
}

/** Resolves names, and keeps each place for one entry. */
const entryChecker = (limits: ArchiveLimits) => {
  const names = nameRegister();
  return ({ name, type, size, mode }: Header): Omit<ArchiveEntry, 'content'> => {
    const kind: EntryKind = type === 'directory' ? 'folder' : 'file';
    const path = entryPath(name, kind, limits);
    if (path !== '') names.add(path, kind);
    return { path, kind, size, isExecutable: kind === 'file' && (mode & 0o111) !== 0 };
  };
};

/**
 * Reads an archive (tar; plain, or in zlib, gzip or raw deflate) entry by entry, as it comes.
 *
 * Names, types and sizes are checked as the archive's last word on them resolves; the first entry that is hostile
 * ends it all. What was yielded before that is not to be used: keep it apart until the end is reached.
 *
 * @param decompress What unpacks; the platform's streams by default.
 * @throws {FirmwareError} `malformed`, `hostile`, `tooLarge`; whatever the source throws passes through.
 */
export async function* readArchive(
  source: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
  decompress: Decompress = decompressed,
): AsyncGenerator<ArchiveEntry> {
  const meter = ratioMeter(limits);
  const tarred = tarWatch(limits);
  const watch: TarWatch = {
    see: (chunk) => {
      meter.see(chunk);
      tarred.see(chunk);
    },
    end: tarred.end,
  };
  const check = entryChecker(limits);
  const tar = extract();
  const failure: SourceFailure = {};
  const fed = feed(tar, inflate(meter.count(noting(source, failure)), decompress), watch);
  try {
    for await (const stream of tar) {
      const entry = check(stream.header);
      const content = contentOf(stream as unknown as AsyncIterable<Uint8Array>, failure);
      if (entry.path !== '') yield { ...entry, content };
      for await (const _ of content);
      stream.resume();
    }
    await fed;
  } catch (cause) {
    throw readFailure(cause, failure);
  } finally {
    tar.destroy(null);
    await fed;
  }
}

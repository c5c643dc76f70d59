import type { Extract, Header } from 'tar-stream';
import { FirmwareError } from '../../../services/errors.ts';
import type { ArchiveLimits } from '../../../services/firmware.ts';
import { entryPath, createNameRegister, type EntryKind, type NameRules } from './entry-names.ts';
import { decompressed, inflate, noting, type Decompress, type SourceFailure } from './decompress.ts';
import { tooLarge } from './errors.ts';
import { checkLinks, type TreeLink } from './links.ts';
import { createTarGuard, type TarGuard } from './tar-guard.ts';

/** A checked file, folder or link of an archive. */
export interface ArchiveEntry {
  /** `a/b/c`: relative, and inside the archive's root. */
  readonly path: string;
  readonly kind: EntryKind;
  /** Bytes; 0 for what is no file. */
  readonly size: number;
  /** Where a link leads, relative to its folder; empty for what is no link. */
  readonly target: string;
  readonly isExecutable: boolean;
  /** Content of the file. Read it before the next entry; the unread rest is skipped. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** Unpacked size up to which the ratio is not limited: small archives compress well. */
const freeBytes = 16 * 1024 * 1024;

/** Limits the packed size, and the ratio of unpacked to packed size. */
const createRatioMeter = ({ compressedBytes, ratio }: ArchiveLimits) => {
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
    check: (chunk: Uint8Array): void => {
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

/**
 * Feeds the reader until the source ends or the reader is destroyed. Never rejects: a failure destroys the reader with
 * it.
 */
const feed = async (tar: Extract, source: AsyncIterable<Uint8Array>, guard: TarGuard): Promise<void> => {
  const isDestroyed = () => tar.destroying;
  try {
    for await (const chunk of source) {
      guard.check(chunk);
      if (isDestroyed()) return;
      if (!tar.write(chunk)) await roomIn(tar);
      if (isDestroyed()) return;
    }
    guard.end();
    tar.end(null);
  } catch (cause) {
    tar.destroy(cause as Error);
  }
};

/** Keeps the source's own failure, and turns any error of the tar reader into a damaged archive. */
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

const kindOf = (type: Header['type']): EntryKind => {
  if (type === 'directory') return 'folder';
  return type === 'symlink' ? 'link' : 'file';
};

/** Checks headers, refuses a second entry at the same place, and at the end a link that leads elsewhere. */
const createEntryChecker = (limits: ArchiveLimits, rules: NameRules) => {
  const names = createNameRegister(rules);
  const links: TreeLink[] = [];
  return {
    check: ({ name, type, size, mode, linkname }: Header): Omit<ArchiveEntry, 'content'> => {
      const kind = kindOf(type);
      const path = entryPath(name, kind, limits, rules);
      if (path !== '') names.add(path, kind);
      const target = kind === 'link' ? ((linkname as string | null) ?? '') : '';
      if (kind === 'link') links.push({ path, target });
      return { path, kind, size, target, isExecutable: kind === 'file' && (mode & 0o111) !== 0 };
    },
    end: (): void => checkLinks(links, limits, rules),
  };
};

/**
 * Reads an archive (tar, plain or in zlib, gzip or raw deflate) entry by entry, as a stream.
 *
 * Checks names, types and sizes with extension headers applied. The first hostile entry ends the reading: keep the
 * entries apart until the end, and discard them on an error. Links are checked at the end: make none before.
 *
 * @param rules What names the host can't hold.
 * @param decompress Decompressor; by default the platform's streams.
 * @throws {FirmwareError} `malformed`, `hostile`, `tooLarge`; errors of the source pass through.
 */
export async function* readArchive(
  source: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
  rules: NameRules,
  decompress: Decompress = decompressed,
): AsyncGenerator<ArchiveEntry> {
  const { extract } = await import('tar-stream');
  const meter = createRatioMeter(limits);
  const tarGuard = createTarGuard(limits);
  const guard: TarGuard = {
    check: (chunk) => {
      meter.check(chunk);
      tarGuard.check(chunk);
    },
    end: tarGuard.end,
  };
  const checker = createEntryChecker(limits, rules);
  const tar = extract();
  const failure: SourceFailure = {};
  const fed = feed(tar, inflate(meter.count(noting(source, failure)), decompress), guard);
  try {
    for await (const stream of tar) {
      const entry = checker.check(stream.header);
      const content = contentOf(stream as AsyncIterable<Uint8Array>, failure);
      if (entry.path !== '') yield { ...entry, content };
      for await (const _ of content);
      stream.resume();
    }
    await fed;
    checker.end();
  } catch (cause) {
    throw readFailure(cause, failure);
  } finally {
    tar.destroy(null);
    await fed;
  }
}

import { extract, type Extract, type Header } from 'tar-stream';
import { FirmwareError } from '../../services/errors.ts';
import type { ArchiveLimits } from '../../services/firmware.ts';
import { entryPath, nameRegister, type EntryKind } from './archive-names.ts';
import { inflate, noting, type SourceFailure } from './inflate.ts';

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

const blockBytes = 512;
/** Two blocks of zeros end a tar (POSIX.1-2024, pax, "ustar Interchange Format"). */
const endBytes = 2 * blockBytes;
/** What an entry may cost beside its content: headers, long names, padding. */
const overheadBytes = 4096;
/** No archive has so much between two entries. */
const mostQuietBytes = 8 * 1024 * 1024;

const tooLarge = (what: string) =>
  new FirmwareError('tooLarge', `The archive was refused: ${what}. Raise the limit, or build a smaller version.`);

async function* counted(source: AsyncIterable<Uint8Array>, most: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > most) throw tooLarge(`it is larger than ${most} bytes`);
    yield chunk;
  }
}

const kindOf = ({ type, name }: Header): EntryKind => {
  if (type === 'file') return 'file';
  if (type === 'directory') return 'folder';
  const what = JSON.stringify(name.slice(0, 200));
  throw new FirmwareError(
    'hostile',
    `The archive was refused: ${what} is neither a file nor a folder (${type ?? 'unknown'}). Build the version again.`,
  );
};

/** Watches what goes into the tar reader: how much, and whether it ends as a tar does. */
const tarMeter = ({ unpackedBytes, entries }: ArchiveLimits) => {
  const most = unpackedBytes + entries * overheadBytes + mostQuietBytes;
  let bytes = 0;
  let zeros = 0;
  let quiet = 0;
  return {
    see: (chunk: Uint8Array) => {
      bytes += chunk.length;
      quiet += chunk.length;
      if (bytes > most) throw tooLarge(`it unpacks to more than ${most} bytes`);
      if (quiet > mostQuietBytes) throw tooLarge('it holds a header that is too large');
      const last = chunk.findLastIndex((byte) => byte !== 0);
      zeros = last < 0 ? zeros + chunk.length : chunk.length - 1 - last;
    },
    progress: () => {
      quiet = 0;
    },
    checkEnd: (contentEnd: number) => {
      if (zeros >= endBytes && bytes - contentEnd >= endBytes) return;
      throw new FirmwareError('malformed', 'The archive was refused: its end is missing. Download it again.');
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
const feed = async (tar: Extract, source: AsyncIterable<Uint8Array>, see: (chunk: Uint8Array) => void) => {
  try {
    for await (const chunk of source) {
      see(chunk);
      if (tar.destroying) return;
      if (!tar.write(chunk)) await roomIn(tar);
      if (tar.destroying) return;
    }
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

async function* contentOf(
  stream: AsyncIterable<Uint8Array>,
  progress: () => void,
  failure: SourceFailure,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) {
      progress();
      yield chunk;
    }
  } catch (cause) {
    throw readFailure(cause, failure);
  }
}

/** Counts entries and bytes as they are announced, before any of them is read. */
const entryChecker = (limits: ArchiveLimits) => {
  const names = nameRegister();
  let entries = 0;
  let bytes = 0;
  return (header: Header): Omit<ArchiveEntry, 'content'> => {
    const kind = kindOf(header);
    const size = kind === 'file' ? header.size : 0;
    entries += 1;
    bytes += size;
    if (entries > limits.entries) throw tooLarge(`it has more than ${limits.entries} entries`);
    if (bytes > limits.unpackedBytes) throw tooLarge(`it unpacks to more than ${limits.unpackedBytes} bytes`);
    const path = entryPath(header.name, kind, limits.pathLength);
    if (path !== '') names.add(path, kind);
    return { path, kind, size, isExecutable: kind === 'file' && (header.mode & 0o111) !== 0 };
  };
};

/**
 * Reads an archive (tar; plain, or in zlib, gzip or raw deflate) entry by entry, as it comes.
 *
 * Names, types and sizes are checked as the archive's last word on them resolves; the first entry that is hostile
 * ends it all. What was yielded before that is not to be used: keep it apart until the end is reached.
 *
 * @throws {FirmwareError} `malformed`, `hostile`, `tooLarge`; whatever the source throws passes through.
 */
export async function* readArchive(
  source: AsyncIterable<Uint8Array>,
  limits: ArchiveLimits,
): AsyncGenerator<ArchiveEntry> {
  const meter = tarMeter(limits);
  const check = entryChecker(limits);
  const tar = extract();
  const failure: SourceFailure = {};
  const fed = feed(tar, inflate(counted(noting(source, failure), limits.compressedBytes)), meter.see);
  let contentEnd = 0;
  try {
    for await (const stream of tar) {
      meter.progress();
      const entry = check(stream.header);
      const { byteOffset } = stream.header as Header & { byteOffset: number };
      contentEnd = byteOffset + Math.ceil(entry.size / blockBytes) * blockBytes;
      const content = contentOf(stream as unknown as AsyncIterable<Uint8Array>, meter.progress, failure);
      if (entry.path !== '') yield { ...entry, content };
      for await (const _ of content);
      stream.resume();
    }
    await fed;
    meter.checkEnd(contentEnd);
  } catch (cause) {
    throw readFailure(cause, failure);
  } finally {
    tar.destroy(null);
    await fed;
  }
}

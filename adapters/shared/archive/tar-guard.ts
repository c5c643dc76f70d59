import type { ArchiveLimits } from '../../../services/firmware.ts';
import { hostile, malformed, tooLarge } from './errors.ts';

const blockBytes = 512;
/** Bytes of the two zero blocks at the end of a tar (POSIX.1-2024, pax, "ustar Interchange Format"). */
const endBytes = 2 * blockBytes;
/** Size limit of an extension header, which holds one long name or a few records. */
const maxExtensionBytes = 256 * 1024;

type EntryBlock = 'file' | 'folder' | 'link';
type BlockKind = EntryBlock | 'pax' | 'globalPax' | 'longName';

/** Allowed type flags (POSIX.1-2024 ustar and pax, and GNU's long name). */
const kinds: Readonly<Record<string, BlockKind>> = {
  '\0': 'file',
  '0': 'file',
  '2': 'link',
  '5': 'folder',
  x: 'pax',
  g: 'globalPax',
  L: 'longName',
};
/** Names of other flags, for messages. */
const foreign: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '3': 'a character device',
  '4': 'a block device',
  '6': 'a fifo',
  '7': 'a contiguous file',
  K: 'the long target of a link',
  S: 'a sparse file',
};

const text = (block: Uint8Array, from: number, length: number): string => {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return String.fromCharCode(...(end < 0 ? field : field.subarray(0, end)));
};

const sizeOf = (block: Uint8Array, name: string): number => {
  const digits = /^ *([0-7]{1,12})[ \0]*$/.exec(String.fromCharCode(...block.subarray(124, 136)))?.[1];
  if (digits === undefined) throw malformed(`the size of ${name} is no octal number`);
  return Number.parseInt(digits, 8);
};

const isEntryBlock = (kind: BlockKind): kind is EntryBlock => kind === 'file' || kind === 'folder' || kind === 'link';

interface TarHeader {
  readonly kind: BlockKind;
  /** Bytes of the content. */
  readonly size: number;
}

const headerOf = (block: Uint8Array): TarHeader => {
  if (text(block, 257, 5) !== 'ustar') throw malformed('it is no tar');
  const rawName = text(block, 0, 100);
  const name = JSON.stringify(rawName);
  const flag = String.fromCharCode(block[156] ?? 0);
  const kind = Object.hasOwn(kinds, flag) ? kinds[flag] : undefined;
  if (kind === undefined) throw hostile(`${name} is ${foreign[flag] ?? `of the unknown type ${JSON.stringify(flag)}`}`);
  const size = sizeOf(block, name);
  const isFolder = kind === 'folder' || (kind === 'file' && rawName.endsWith('/'));
  if (isFolder && size > 0) throw hostile(`${name} is a folder with content`);
  if (kind === 'link' && size > 0) throw hostile(`${name} is a link with content`);
  if (kind !== 'file' && size > maxExtensionBytes) throw tooLarge('it holds a header that is too large');
  return { kind, size };
};

/** Pax keys that move an entry's content or change the encoding of names. */
const refusedKey = /^(?:size|hdrcharset|GNU\.sparse\..*)$/;

/** Reads pax records strictly: `length key=value\n`, one after the other, up to the last byte. */
const checkPax = (content: Uint8Array, kind: 'pax' | 'globalPax'): void => {
  const seen = new Set<string>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const length = space < 0 ? '' : String.fromCharCode(...content.subarray(at, Math.min(space, at + 8)));
    const end = at + Number(length);
    const equals = content.indexOf(0x3d, space);
    const isRecord = /^[1-9]\d*$/.test(length) && end <= content.length && content[end - 1] === 0x0a;
    if (!isRecord || equals < 0 || equals >= end) throw malformed('a pax header of it is damaged');
    const key = String.fromCharCode(...content.subarray(space + 1, Math.min(equals, space + 100)));
    if (refusedKey.test(key)) throw hostile(`a pax header sets ${JSON.stringify(key)}`);
    if (kind === 'globalPax' && (key === 'path' || key === 'linkpath')) {
      throw hostile(`a pax header sets the ${key} of every entry`);
    }
    if (seen.has(key)) throw hostile(`a pax header sets ${JSON.stringify(key)} twice`);
    seen.add(key);
    at = end;
  }
};

const checkLongName = (content: Uint8Array): void => {
  const end = content.indexOf(0);
  if (end <= 0 || content.subarray(end).some((byte) => byte !== 0)) throw malformed('a long name of it is damaged');
};

const checkExtension = (kind: BlockKind, content: Uint8Array): void => {
  if (kind === 'longName') checkLongName(content);
  else if (kind === 'pax' || kind === 'globalPax') checkPax(content, kind);
};

/** Collects bytes up to a requested size. */
const createCollector = () => {
  let bytes = new Uint8Array(blockBytes);
  let filled = 0;
  return {
    expect: (size: number) => {
      if (bytes.length < size) bytes = new Uint8Array(size);
      filled = 0;
    },
    /** @returns Number of bytes taken. */
    take: (chunk: Uint8Array, at: number, size: number): number => {
      const taken = Math.min(size - filled, chunk.length - at);
      bytes.set(chunk.subarray(at, at + taken), filled);
      filled += taken;
      return taken;
    },
    whole: (size: number): Uint8Array | undefined => (filled === size ? bytes.subarray(0, size) : undefined),
  };
};

const paddingOf = (size: number): number => (blockBytes - (size % blockBytes)) % blockBytes;

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** Checks a tar block by block as it streams. */
export interface TarGuard {
  /** @throws {FirmwareError} `malformed`, `hostile`, `tooLarge` */
  check(chunk: Uint8Array): void;
  /** Call it after the last chunk. @throws {FirmwareError} `malformed` if the end of the tar is missing */
  end(): void;
}

/** Counts entries and bytes by their headers, before the content arrives. */
const createCounter = (limits: ArchiveLimits) => {
  let entries = 0;
  let bytes = 0;
  return {
    addBytes: (size: number): void => {
      bytes += size;
      if (bytes > limits.unpackedBytes) throw tooLarge(`it unpacks to more than ${limits.unpackedBytes} bytes`);
    },
    addEntry: (): void => {
      entries += 1;
      if (entries > limits.entries) throw tooLarge(`it has more than ${limits.entries} entries`);
    },
  };
};

/** Reads the blocks before the end: the kind of each, and the bytes of its content. */
const createBlockReader = ({ addBytes, addEntry }: ReturnType<typeof createCounter>) => {
  /** The current extension header. */
  let extension: TarHeader | undefined;
  let isExtended = false;

  /** @returns Bytes to skip. */
  const onHeader = (header: TarHeader): number => {
    const { kind, size } = header;
    addBytes(size);
    const isEntry = isEntryBlock(kind);
    if (isExtended && !isEntry) throw hostile('an entry has more than one extension header');
    isExtended = kind === 'pax' || kind === 'longName';
    if (!isExtended) addEntry();
    if (isEntry) return size + paddingOf(size);
    if (size === 0) throw malformed('an extension header of it is empty');
    extension = header;
    return 0;
  };
  const onExtension = ({ kind, size }: TarHeader, content: Uint8Array): number => {
    checkExtension(kind, content);
    extension = undefined;
    return paddingOf(size);
  };
  return {
    /** Size of the next block. */
    size: (): number => extension?.size ?? blockBytes,
    /** @returns Bytes to skip, or `end`. */
    read: (block: Uint8Array): number | 'end' => {
      if (extension) return onExtension(extension, block);
      if (!isZero(block)) return onHeader(headerOf(block));
      if (isExtended) throw malformed('an entry of it is missing');
      return 'end';
    },
  };
};

/**
 * Accepts only a strict form of tar, ahead of a more lenient reader: files, folders and symbolic links, each with at
 * most one extension header; sizes in plain octal; no pax record that moves content; two zero blocks at the end and only zeros after them.
 */
export const createTarGuard = (limits: ArchiveLimits): TarGuard => {
  const counted = createCounter(limits);
  const blocks = createBlockReader(counted);
  const block = createCollector();
  let passing = 0;
  let zeros = 0;

  const collect = (chunk: Uint8Array, at: number): number => {
    const taken = block.take(chunk, at, blocks.size());
    const whole = block.whole(blocks.size());
    if (!whole) return taken;
    const next = blocks.read(whole);
    if (next === 'end') zeros = blockBytes;
    else passing = next;
    block.expect(blocks.size());
    return taken;
  };
  const checkEnd = (rest: Uint8Array): void => {
    if (!isZero(rest)) throw hostile('something follows its end');
    zeros += rest.length;
    counted.addBytes(rest.length);
  };

  return {
    check: (chunk) => {
      for (let at = 0; at < chunk.length;) {
        if (zeros > 0) return checkEnd(chunk.subarray(at));
        const passed = Math.min(passing, chunk.length - at);
        passing -= passed;
        at += passed;
        if (at < chunk.length) at += collect(chunk, at);
      }
    },
    end: () => {
      if (zeros < endBytes) throw malformed('its end is missing');
    },
  };
};

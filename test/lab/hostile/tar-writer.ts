/** What a header block says; anything goes. */
export interface Block {
  readonly name?: string | Uint8Array;
  readonly prefix?: string;
  readonly mode?: string;
  /** The size field, when it is not to be the octal one of `content`. */
  readonly size?: string | Uint8Array;
  readonly flag?: string;
  readonly link?: string;
  readonly magic?: string;
  /** Added to the right checksum. */
  readonly wrongBy?: number;
  readonly content?: string | Uint8Array;
}

const bytesOf = (value: string | Uint8Array): Buffer => Buffer.from(value as string);
const octal = (value: number, digits: number): string => `${value.toString(8).padStart(digits, '0')}\0`;

/** Fills a block up to a multiple of 512. */
export const padded = (content: Uint8Array): Buffer =>
  Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);

/** A header block and its content, however wrong (POSIX.1-2024, pax, "ustar Interchange Format"). */
export const entry = (block: Block): Buffer => {
  const {
    name = 'file.txt',
    prefix = '',
    mode = octal(0o644, 7),
    flag = '0',
    link = '',
    magic = 'ustar\x0000',
  } = block;
  const content = bytesOf(block.content ?? '');
  const header = Buffer.alloc(512);
  const put = (value: string | Uint8Array, at: number, most: number) => bytesOf(value).copy(header, at, 0, most);
  put(name, 0, 100);
  put(mode, 100, 8);
  put(octal(0, 7), 108, 8);
  put(octal(0, 7), 116, 8);
  put(block.size ?? octal(content.length, 11), 124, 12);
  put(octal(0, 11), 136, 12);
  put('        ', 148, 8);
  put(flag, 156, 1);
  put(link, 157, 100);
  put(magic, 257, 8);
  put(prefix, 345, 155);
  const sum = header.reduce((total, byte) => total + byte, block.wrongBy ?? 0);
  put(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 8);
  return Buffer.concat([header, padded(content)]);
};

/** One pax record, with the length that it really has. */
export const record = (key: string, value: string | Uint8Array): Buffer => {
  const body = Buffer.concat([Buffer.from(` ${key}=`), bytesOf(value), Buffer.from('\n')]);
  const digits = String(body.length + String(body.length).length).length;
  return Buffer.concat([Buffer.from(String(body.length + digits)), body]);
};

export const pax = (...records: readonly (string | Uint8Array)[]): Buffer =>
  entry({ name: 'PaxHeader', flag: 'x', content: Buffer.concat(records.map(bytesOf)) });

export const globalPax = (...records: readonly Uint8Array[]): Buffer =>
  entry({ name: 'pax_global_header', flag: 'g', content: Buffer.concat(records) });

export const longName = (name: string | Uint8Array): Buffer =>
  entry({
    name: '././@LongLink',
    flag: 'L',
    magic: 'ustar  \0',
    content: Buffer.concat([bytesOf(name), Buffer.of(0)]),
  });

/** The two blocks of zeros that end a tar. */
export const end = Buffer.alloc(1024);

/** A whole tar of these blocks. */
export const tar = (...blocks: readonly Uint8Array[]): Buffer => Buffer.concat([...blocks, end]);

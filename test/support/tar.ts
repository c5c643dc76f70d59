import zlib from 'node:zlib';
import { pack, type Header } from 'tar-stream';

/** One entry to pack: a text, or nothing for what has no content. */
export type TarEntry = Partial<Header> & { readonly name: string; readonly text?: string | Uint8Array };

/** Packs entries, well-formed or hostile, into a tar. */
export const tarOf = async (...entries: readonly TarEntry[]): Promise<Buffer> => {
  const tar = pack();
  for (const { text, ...header } of entries)
    tar.entry(header, typeof text === 'string' ? Buffer.from(text) : (text ?? Buffer.alloc(0)));
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
};

/** A PAX record: its length, a key and a value (POSIX.1-2024, pax, "pax Header Block"). */
const paxRecord = (key: string, value: string): string => {
  const body = ` ${key}=${value}\n`;
  const size = Buffer.byteLength(body);
  const digits = String(size + String(size).length).length;
  return `${size + digits}${body}`;
};

/** One 512-byte header, as no well-behaved packer would write it. */
export const rawHeader = (name: string, type: string, size: number): Buffer => {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, 'latin1');
  block.write('0000644\0', 100);
  block.write('0000000\0', 108);
  block.write('0000000\0', 116);
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  block.write('00000000000\0', 136);
  block.write('        ', 148);
  block.write(type, 156);
  block.write('ustar\u000000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
};

const padded = (content: Buffer): Buffer =>
  Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);

/** An entry whose harmless name is overridden by a PAX header. */
export const paxEntry = (key: string, value: string, text: string): Buffer => {
  const record = Buffer.from(paxRecord(key, value));
  return Buffer.concat([
    rawHeader('pax', 'x', record.length),
    padded(record),
    rawHeader('harmless.txt', '0', text.length),
    padded(Buffer.from(text)),
  ]);
};

/** The two blocks of zeros that end a tar. */
export const tarEnd = Buffer.alloc(1024);

/** As the instance sends it: a tar in a zlib stream with the smallest window. */
export const zlibOf = (tar: Uint8Array): Buffer => zlib.deflateSync(tar, { windowBits: 9, level: 9 });

/** Bytes as a stream of chunks. */
export async function* inChunks(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

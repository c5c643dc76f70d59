import type { Specimen } from './specimen.ts';
import { end, entry, globalPax, longName, pax, padded, record, tar } from './tar-writer.ts';

const specimen = (family: string, what: string, ...blocks: readonly Uint8Array[]): Specimen => ({
  name: `${family}: ${what}`,
  make: () => tar(entry({ name: 'harmless.txt', content: 'x' }), ...blocks),
});
const after = entry({ name: 'after.txt', content: 'x' });

const typed = (flag: string, what: string, link = ''): Specimen =>
  specimen('type', what, entry({ name: 'thing', flag, link }), after);

const linked = (what: string, links: Readonly<Record<string, string>>, ...blocks: Uint8Array[]): Specimen =>
  specimen('type', what, ...Object.entries(links).map(([name, link]) => entry({ name, flag: '2', link })), ...blocks);

const types: readonly Specimen[] = [
  typed('1', 'a hard link to env.json', 'env.json'),
  typed('1', 'a hard link out of the folder', '../../etc/passwd'),
  typed('2', 'a symbolic link to /etc', '/etc'),
  typed('2', 'a symbolic link out of the folder', '../escape'),
  typed('2', 'a symbolic link out of the folder, in the end', 'a/../../escape'),
  typed('2', 'a symbolic link out of the folder and back', '../unit/env.json'),
  typed('2', 'a symbolic link to nothing'),
  typed('2', 'a symbolic link to itself', 'thing'),
  typed('2', 'a symbolic link to its own folder', '.'),
  typed('2', 'a symbolic link with a backslash', '..\\escape'),
  typed('2', "a symbolic link to the client's own files", '.pepeunit/update.json'),
  typed('2', 'a symbolic link with a control character', 'a\u001b[2J'),
  typed('3', 'a character device'),
  typed('4', 'a block device'),
  typed('6', 'a fifo'),
  typed('7', 'a contiguous file'),
  typed('A', 'a type of its own'),
  typed('D', 'a GNU dump of a folder'),
  typed('K', 'a long link target of GNU'),
  typed('M', 'a continuation of another volume'),
  typed('N', 'a long name of old GNU'),
  typed('S', 'a sparse file of GNU'),
  typed('V', 'a volume name of GNU'),
  typed('X', 'an extended header of Sun'),
  typed('\u007f', 'a type without a name'),
  specimen(
    'type',
    'a file behind a symbolic link',
    entry({ name: 'l', flag: '2', link: '/tmp' }),
    entry({ name: 'l/x' }),
  ),
  linked('a file behind a link within', { l: 'lib' }, entry({ name: 'l/x' })),
  specimen('type', 'a link over its own folder', entry({ name: 'l/x' }), entry({ name: 'l', flag: '2', link: 'lib' })),
  linked('a link through another', { lib: 'src', l: 'lib/x' }),
  linked('a link through another and back', { lib: 'src', l: 'lib/../x' }),
  linked('a link to another', { a: 'harmless.txt', b: 'a' }),
  linked('links in a circle', { a: 'b', b: 'a' }),
  linked('env.json as a link', { 'env.json': 'harmless.txt' }),
  linked('a signature as a link', { 'pepeunit-release.json': 'harmless.txt' }),
  specimen('type', 'a link with content', entry({ name: 'l', flag: '2', link: 'lib', content: 'x' }), after),
  specimen('type', 'a link with the name of a folder', entry({ name: 'l/', flag: '2', link: 'lib' }), after),
  specimen('type', 'two links in one place', ...[1, 2].map(() => entry({ name: 'l', flag: '2', link: 'lib' }))),
];

const paxed = (what: string, ...records: readonly (string | Uint8Array)[]): Specimen =>
  specimen('pax', what, pax(...records), after);

const paxTricks: readonly Specimen[] = [
  paxed('a size that hides an entry', record('size', '512')),
  paxed('a size of nothing', record('size', '0')),
  paxed('a negative size', record('size', '-512')),
  paxed('a sparse file of version 1.0', record('GNU.sparse.major', '1'), record('GNU.sparse.name', '../escape')),
  paxed('a sparse file of version 0.1', record('GNU.sparse.map', '0,1')),
  paxed('names that are no UTF-8', record('hdrcharset', 'BINARY')),
  paxed('two paths in one header', record('path', 'a'), record('path', '../escape')),
  paxed('a record that is longer than the header', '99 path=x\n'),
  paxed('a record of length 0', '0 path=x\n'),
  paxed('a record of a negative length', '-9 path=x\n'),
  paxed('a record of a length in hexadecimal', '0x9 path=x\n'),
  paxed('a record without a line end', '9 path=xy'),
  paxed('a record without a value', '7 path\n'),
  paxed('a record that ends in another', '6 a=bcd\n'),
  paxed('text behind the last record', record('path', 'a'), 'text'),
  specimen('pax', 'two headers for one entry', pax(record('path', 'a')), pax(record('path', '../b')), after),
  specimen('pax', 'a pax and a GNU name for one entry', pax(record('path', 'a')), longName('b'), after),
  specimen('pax', 'a GNU and a pax name for one entry', longName('b'), pax(record('path', 'a')), after),
  specimen('pax', 'a header without an entry', pax(record('path', 'a'))),
  specimen('pax', 'an empty header', entry({ flag: 'x' }), after),
  specimen('pax', 'a header for a symbolic link', pax(record('linkpath', '/etc')), entry({ name: 'l', flag: '2' })),
  specimen('pax', 'a target for every link', globalPax(record('linkpath', 'harmless.txt')), after),
  specimen(
    'pax',
    'a target that leads out',
    pax(record('linkpath', '../x')),
    entry({ name: 'l', flag: '2', link: 'x' }),
  ),
  specimen('pax', 'a path for every entry', globalPax(record('path', '../escape')), after),
  specimen('pax', 'a size for every entry', globalPax(record('size', '0')), after),
  specimen('pax', 'a header of 257 KiB', pax(record('comment', 'x'.repeat(257 * 1024))), after),
  specimen('GNU', 'two long names for one entry', longName('a'), longName('../b'), after),
  specimen('GNU', 'a long name with text behind its end', longName('a\0../escape'), after),
  specimen('GNU', 'an empty long name', longName(''), after),
  specimen('GNU', 'a long name without an end', entry({ flag: 'L', content: 'n'.repeat(120) }), after),
  specimen('GNU', 'a long name without an entry', longName('a')),
];

const sized = (what: string, size: string | Uint8Array): Specimen =>
  specimen('header', what, entry({ name: 'sized', size }), after);

const headers: readonly Specimen[] = [
  specimen('header', 'a checksum that is one too high', entry({ name: 'x', wrongBy: 1 })),
  specimen('header', 'an unknown format', entry({ name: 'x', magic: 'rats\0' })),
  sized('a size in base 256', Buffer.from('800000000000000000000000', 'hex')),
  sized('a negative size in base 256', Buffer.from('ffffffffffffffffffffffff', 'hex')),
  sized('a size with letters', '0000000zz00\0'),
  sized('a negative size', '-0000000001\0'),
  sized('a size in two parts', '0000001 000\0'),
  sized('no size', Buffer.alloc(12)),
  sized('a size beyond the archive', '00000100000\0'),
  sized('a size beyond every limit', '77777777777\0'),
  specimen('header', 'a folder with content', entry({ name: 'f/', flag: '5', content: entry({ name: '../escape' }) })),
  specimen('header', 'a file that ends in a slash', entry({ name: 'f/', content: entry({ name: '../escape' }) })),
];

const seams: readonly Specimen[] = [
  { name: 'seam: text behind the end', make: () => Buffer.concat([tar(after), padded(Buffer.from('text'))]) },
  { name: 'seam: a second tar behind the end', make: () => Buffer.concat([tar(after), tar(entry({ name: '../x' }))]) },
  { name: 'seam: a block of zeros between entries', make: () => tar(after, Buffer.alloc(512), entry({ name: 'b' })) },
  { name: 'seam: no end', make: () => after },
  { name: 'seam: half an end', make: () => Buffer.concat([after, end.subarray(512)]) },
  { name: 'seam: an end that is cut', make: () => Buffer.concat([after, end.subarray(1)]) },
  { name: 'seam: a byte too many', make: () => Buffer.concat([tar(after), Buffer.of(0)]) },
  { name: 'seam: a block that is not whole', make: () => tar(after).subarray(0, 700) },
];

/** Blocks that readers of tar take in different ways, or not at all. */
export const blocks: readonly Specimen[] = [...types, ...paxTricks, ...headers, ...seams];

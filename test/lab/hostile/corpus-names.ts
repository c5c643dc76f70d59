import { entry, longName, pax, record, tar } from './tar-writer.ts';
import type { Specimen } from './specimen.ts';

const escapes = [
  '../escape',
  './../escape',
  'x/../../escape',
  'x/y/../../../escape',
  'a/..',
  '..',
  '../../../../../../../../etc/cron.d/escape',
  '/etc/passwd',
  '//server/share/escape',
  '/',
  'a\\b',
  '..\\escape',
  '\\\\?\\C:\\escape',
  'line\nbreak',
  'bell\u0007',
  'escape\u001b[2J',
  'delete\u007f',
  'c1\u0085',
  '.',
  './',
  'folder/.',
];

const windows = [
  'C:/escape',
  'c:escape',
  'file.txt:stream',
  'con',
  'CON.txt',
  'nul',
  'aux.tar.gz',
  'prn .txt',
  'com1',
  'lib/LPT9.log',
  'com\u00b2',
  'CONIN$',
  'conout$',
  'env.json.',
  'env.json ',
  'lib./x',
  '.../x',
];

const own = [
  '.PEPEUNIT/update.json',
  '.pepe\u200dunit/x',
  '.\uff50epeunit/x',
  'PEPEUN~1/x',
  '.pepeunit-1-0123456789abcdef.tmp',
];

const bad = (family: string, name: string, how: string, ...blocks: readonly Uint8Array[]): Specimen => ({
  name: `${family}: ${JSON.stringify(name)} ${how}`,
  make: () => tar(entry({ name: 'harmless.txt', content: 'x' }), ...blocks),
});

/** The same name in each place that a tar can say it. */
const inEveryPlace = (family: string, name: string): Specimen[] => [
  bad(family, name, 'in the header', entry({ name, content: 'x' })),
  bad(family, name, 'in a pax header', pax(record('path', name)), entry({ name: 'other.txt', content: 'x' })),
  bad(family, name, 'in a GNU long name', longName(name), entry({ name: 'other.txt', content: 'x' })),
];

const texts: Specimen[] = [
  bad('no text', 'bytes that are no UTF-8', 'in the header', entry({ name: Buffer.from([0x61, 0xff, 0xfe]) })),
  bad('no text', 'NUL', 'in a pax header', pax(record('path', 'safe\0/../../escape')), entry({})),
  bad('no text', 'a lone surrogate', 'in a pax header', pax(record('path', Buffer.from('eda080', 'hex'))), entry({})),
  bad('no text', 'nothing', 'in the header', entry({ name: '', content: 'x' })),
  bad('traversal', '..', 'in the prefix', entry({ name: 'escape', prefix: '..', content: 'x' })),
  bad('traversal', '/', 'in the prefix', entry({ name: 'escape', prefix: '/etc', content: 'x' })),
  bad('length', 'a name of 256 bytes', 'in a pax header', pax(record('path', 'n'.repeat(256))), entry({})),
  bad('length', 'a path of 1025 characters', 'in a pax header', pax(record('path', 'p/'.repeat(513))), entry({})),
  bad('length', '65 folders deep', 'in a pax header', pax(record('path', 'd/'.repeat(65) + 'x')), entry({})),
];

type Pair = readonly [what: string, first: string, second: string];

const pairs: readonly Pair[] = [
  ['twice', 'twin', 'twin'],
  ['behind another spelling', 'a/b', './a//b'],
  ['as a file and as a folder', 'a', 'a/b'],
  ['as a folder and as a file', 'a/b', 'a'],
];

const foldedPairs: readonly Pair[] = [
  ['in another case', 'Main.js', 'main.js'],
  ['in another case, in folders', 'Lib/x', 'lib/y'],
  ['composed otherwise', 'caf\u00e9', 'cafe\u0301'],
  ['with a compatible character', 'file1', 'file\u00b9'],
  ['with a long s', 'set', '\u017fet'],
  ['with a Kelvin sign', 'k', '\u212a'],
  ['with a sharp s', 'strasse', 'stra\u00dfe'],
  ['with an invisible character', 'env.js', 'env\u200b.js'],
  ['env.json, in another case', 'env.json', 'ENV.JSON'],
];

const twins = ([what, first, second]: Pair): Specimen =>
  bad('twice', second, what, entry({ name: first, content: '1' }), entry({ name: second, content: '2' }));

/** Names that lead elsewhere, mean something else to another system, or meet. */
export const names: readonly Specimen[] = [
  ...escapes.flatMap((name) => inEveryPlace('traversal', name)),
  ...own.flatMap((name) => inEveryPlace("the client's own", name)),
  ...texts,
  ...pairs.map(twins),
  bad('twice', 'a folder', '', entry({ name: 'f/', flag: '5' }), entry({ name: 'f/', flag: '5' })),
  bad('twice', 'a folder over a file', '', entry({ name: 'f' }), entry({ name: 'f/', flag: '5' })),
];

/** Names that some hosts alone can't hold. */
export const hostNames: readonly Specimen[] = [
  ...windows
    .flatMap((name) => inEveryPlace('Windows', name))
    .map((specimen): Specimen => ({ ...specimen, where: 'on Windows' })),
  ...foldedPairs.map(twins).map((specimen): Specimen => ({ ...specimen, where: 'where names are folded' })),
];

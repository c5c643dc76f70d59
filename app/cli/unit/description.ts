import { SettingsError } from '../../../services/errors.ts';
import { isJsonObject, type JsonObject } from '../../../services/json.ts';

/** File that describes a unit for machines, and the one for people that is written from it. */
export const descriptionName = 'pepeunit.toml';
export const readmeName = 'readme.md';

/** Heading from which on a readme is its author's own. */
const ownHeading = '## Additional information';

const wrong = (what: string, wanted: string): SettingsError =>
  new SettingsError('invalid', `${descriptionName}: ${what} must be ${wanted}. Correct it.`);

const textIn = (value: unknown, what: string): string => {
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw wrong(what, 'a text');
};

const listIn = (value: unknown, what: string): readonly unknown[] => {
  if (!Array.isArray(value)) throw wrong(what, 'a list');
  const kinds = new Set(value.map((one) => (isJsonObject(one) ? 'object' : typeof one)));
  if (kinds.size > 1) throw wrong(what, 'a list of one kind of element');
  return value;
};

/** An element of a list: a text in code, or a name with a link. */
const partIn = (what: string) => (value: unknown) => {
  if (!isJsonObject(value)) return `\`${textIn(value, what)}\``;
  const name = textIn(value['name'], `name in ${what}`);
  return value['link'] === undefined ? `\`${name}\`` : `[${name}](${textIn(value['link'], `link in ${what}`)})`;
};

const authorIn = (value: unknown): string => {
  if (!isJsonObject(value)) return textIn(value, 'general.authors');
  const name = textIn(value['name'], 'name in general.authors');
  return value['email'] === undefined ? name : `${name} <${textIn(value['email'], 'email in general.authors')}>`;
};

type Cell = (value: unknown, what: string) => string;

const partsCell: Cell = (value, what) => listIn(value, what).map(partIn(what)).join(', ');
const authorsCell: Cell = (value, what) => listIn(value, what).map(authorIn).join(', ');
const codeCell: Cell = (value, what) => `\`${textIn(value, what)}\``;

/** Rows of the table of `general`, in their order. */
const rows: readonly (readonly [name: string, label: string, cell: Cell])[] = [
  ['description', 'Description', textIn],
  ['language', 'Lang', codeCell],
  ['hardware', 'Hardware', partsCell],
  ['firmware', 'Firmware', partsCell],
  ['stack', 'Stack', partsCell],
  ['version', 'Version', textIn],
  ['license', 'License', textIn],
  ['authors', 'Authors', authorsCell],
];

/** A text as a cell of a table takes it. */
const inCell = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').replaceAll('|', String.raw`\|`);

const tableHead = 'Parameter | Implementation';

const table = (general: JsonObject): string[] => {
  const given = rows.filter(([name]) => general[name] !== undefined);
  if (given.length === 0) return [];
  const lines = given.map(([name, label, cell]) => `${label} | ${inCell(cell(general[name], `general.${name}`))}`);
  return [[tableHead, '-- | --', ...lines].join('\n')];
};

const sectionOf = (document: JsonObject, name: string): JsonObject => {
  const section = document[name] ?? {};
  if (!isJsonObject(section)) throw wrong(name, 'a table');
  return section;
};

const inOneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ');

/** The items of a section: its steps, or a key and a text each. */
const itemsOf = (document: JsonObject, name: string): string[] =>
  Object.entries(sectionOf(document, name)).flatMap(([key, value]) =>
    Array.isArray(value)
      ? listIn(value, `${name}.${key}`).map((step) => inOneLine(textIn(step, `${name}.${key}`)))
      : [`\`${key}\` - ${inOneLine(textIn(value, `${name}.${key}`))}`],
  );

const linksOf = (document: JsonObject, name: string): string[] =>
  Object.entries(sectionOf(document, name)).map(([key, value]) => `[${key}](${textIn(value, `${name}.${key}`)})`);

const numbered = (items: readonly string[]): string => items.map((item, index) => `${index + 1}. ${item}`).join('\n');
const bulleted = (items: readonly string[]): string => items.map((item) => `- ${item}`).join('\n');

const listSection = (heading: string, items: readonly string[], write: typeof numbered): string[] =>
  items.length === 0 ? [] : [`## ${heading}`, write(items)];

const images = (document: JsonObject): string[] =>
  Object.entries(sectionOf(document, 'images')).flatMap(([key, value]) => [
    `## ${key.charAt(0).toUpperCase()}${key.slice(1)}`,
    `<div align="center"><img align="center" src="${textIn(value, `images.${key}`).replaceAll('"', '%22')}"></div>`,
  ]);

/**
 * Writes readme.md of what a pepeunit.toml holds, as the platform does; sections that are missing are left out.
 *
 * @throws {SettingsError} `invalid`
 */
export const readmeOf = (document: JsonObject): string => {
  const general = sectionOf(document, 'general');
  const parts = [
    `# ${inOneLine(textIn(general['name'] ?? 'Unit', 'general.name'))}`,
    ...table(general),
    ...images(document),
    ...listSection('Files', linksOf(document, 'files'), numbered),
    ...listSection('Physical IO', itemsOf(document, 'physical_io'), bulleted),
    ...listSection('Env variable assignment', itemsOf(document, 'env_description'), numbered),
    ...listSection('Assignment of Device Topics', itemsOf(document, 'topic_assignment'), bulleted),
    ...listSection('Work algorithm', itemsOf(document, 'work_algorithm'), numbered),
    ...listSection('Installation', itemsOf(document, 'installation'), numbered),
  ];
  return `${parts.join('\n\n')}\n`;
};

/** Whether a text was written by {@link readmeOf}, in whatever version. */
export const isGenerated = (readme: string): boolean => readme.split(/\r?\n/).includes(tableHead);

/** Puts what an author has added to an existing readme at the end of a new one. */
export const withOwnPart = (readme: string, before: string): string => {
  const at = before.split('\n').findIndex((line) => line.trim() === ownHeading);
  return at === -1 ? readme : `${readme}\n${before.split('\n').slice(at).join('\n')}`;
};

/** Reads the text of a pepeunit.toml. @throws {SettingsError} `malformed` */
export const parseDescription = async (text: string): Promise<JsonObject> => {
  const { parse, TomlError } = await import('smol-toml');
  try {
    return parse(text) as JsonObject;
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const why = cause.message.split('\n')[0]?.replace(/^Invalid TOML document: /, '');
    throw new SettingsError('malformed', `${descriptionName}, line ${cause.line}: ${why}. Correct it.`, { cause });
  }
};

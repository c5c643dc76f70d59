import { join } from 'node:path';
import * as ts from 'typescript';
import { root } from './public-members.ts';

/** An option, as its types and docblocks have it. */
export interface OptionRow {
  /** Such as `mqtt.tls.ca`; `*` stands for a name of the user's own. */
  readonly name: string;
  readonly type: string;
  readonly default: string;
}

const flags = ts.TypeFormatFlags.NoTruncation;

const partsOf = (type: ts.Type): readonly ts.Type[] => (type.isUnion() ? type.types : [type]);

/** The first word of a docblock on the default: what follows explains it. */
const shortDefault = (text: string): string => {
  if (text.startsWith('`')) return text.slice(1, text.indexOf('`', 1));
  return /^none\b/.test(text) ? 'none' : (text.split(/[;:,] /)[0] ?? '');
};

const defaultOf = (option: ts.Symbol, checker: ts.TypeChecker): string => {
  const tag = option.getJsDocTags(checker).find(({ name }) => name === 'defaultValue');
  if (tag) return shortDefault(ts.displayPartsToString(tag.text).trim());
  return option.flags & ts.SymbolFlags.Optional ? 'none' : 'required';
};

/** Whether a type is an object of options, rather than a value that is one option. */
const isGroup = (type: ts.Type): boolean => {
  const file = type.getSymbol()?.declarations?.[0]?.getSourceFile().fileName ?? '';
  return (
    type.getCallSignatures().length === 0 &&
    (type.getFlags() & ts.TypeFlags.Object) !== 0 &&
    file.startsWith(root) &&
    !file.includes('node_modules')
  );
};

const typeText = (type: ts.Type, checker: ts.TypeChecker): string =>
  partsOf(type)
    .map((part) => checker.typeToString(part, undefined, flags).replaceAll('"', "'").replaceAll(' | undefined;', ';'))
    .map((text) => text.replaceAll('readonly ', ''))
    .join(' | ')
    .replace(/\b(false \| true|true \| false)\b/, 'boolean');

/** Options whose objects are no options of their own. */
const whole = ['adapters', 'inspect', 'codecs'];

const rowsOf = (type: ts.Type, prefix: string, checker: ts.TypeChecker): OptionRow[] =>
  checker.getPropertiesOfType(type).flatMap((option): OptionRow[] => {
    const name = `${prefix}${option.name}`;
    const given = checker.getNonNullableType(checker.getTypeOfSymbol(option));
    const row = { name, type: typeText(given, checker), default: defaultOf(option, checker) };
    if (whole.includes(name)) return [row];
    const [element] = checker.getIndexInfosOfType(given);
    const groups = partsOf(element ? element.type : given).filter(isGroup);
    if (groups.length === 0) return [row];
    const inner = groups.flatMap((group) => rowsOf(group, element ? `${name}.*.` : `${name}.`, checker));
    const isMore = element !== undefined || partsOf(given).length > 1;
    return isMore ? [row, ...inner] : inner;
  });

/** Lists the options of a client, nested ones too. */
export const optionRows = (program: ts.Program): OptionRow[] => {
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(join(root, 'app/client/client.ts'));
  const module = file && checker.getSymbolAtLocation(file);
  const options = module && checker.getExportsOfModule(module).find(({ name }) => name === 'PepeunitClientOptions');
  if (!options) throw new Error('There are no options');
  return rowsOf(checker.getDeclaredTypeOfSymbol(options), '', checker);
};

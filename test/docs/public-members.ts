import { join, relative, resolve } from 'node:path';
import * as ts from 'typescript';

/** A function, a class, or a member of one of the client's parts, as the package exports it. */
export interface PublicMember {
  /** Such as `client.ts UnitClient.ready`. */
  readonly name: string;
  /** The code of each `@example` in its docstring. */
  readonly examples: readonly string[];
}

export const root = resolve(import.meta.dirname, '../..');

/** The program of some entries, with the TypeScript options of the project. */
export const programOf = (entries: readonly string[]): ts.Program => {
  const path = join(root, 'tsconfig.json');
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root, undefined, path);
  return ts.createProgram(
    entries.map((entry) => join(root, entry)),
    options,
  );
};

const fenced = /^```\w*\n([\s\S]*?)\n?```$/;

const examplesOf = (symbol: ts.Symbol, checker: ts.TypeChecker): string[] =>
  symbol
    .getJsDocTags(checker)
    .filter(({ name }) => name === 'example')
    .map(({ text }) => ts.displayPartsToString(text).trim())
    .map((text) => fenced.exec(text)?.[1] ?? text);

const isHidden = (declaration: ts.Declaration): boolean =>
  (ts.getCombinedModifierFlags(declaration) & (ts.ModifierFlags.Private | ts.ModifierFlags.Protected)) !== 0 ||
  (ts.isClassElement(declaration) && declaration.name !== undefined && ts.isPrivateIdentifier(declaration.name));

const pathOf = (declaration: ts.Declaration): string => relative(root, declaration.getSourceFile().fileName);

const isOfLibrary = (declaration: ts.Declaration): boolean => pathOf(declaration).startsWith('node_modules/');

const isInApp = (symbol: ts.Symbol | undefined): boolean =>
  symbol?.declarations?.[0] !== undefined && pathOf(symbol.declarations[0]).startsWith('app/');

/** The interfaces that are no part of a class, but stand for an object that users get. */
const interfaces = ['Instance'];

/** Collects what the entries of the package export: each function and class, and each member of a part of the client. */
export const publicMembers = (program: ts.Program, entries: readonly string[]): PublicMember[] => {
  const checker = program.getTypeChecker();
  const members = new Map<ts.Declaration, PublicMember>();

  /** @returns Whether it is new, and the project's own. */
  const add = (symbol: ts.Symbol, owner = ''): boolean => {
    const declaration = symbol.declarations?.[0];
    if (!declaration || members.has(declaration) || isHidden(declaration) || isOfLibrary(declaration)) return false;
    members.set(declaration, {
      name: `${pathOf(declaration)} ${owner}${symbol.name}`,
      examples: examplesOf(symbol, checker),
    });
    return true;
  };

  /** Adds the members that the app itself declares, and those of the parts that they hold. */
  const addMembersOf = (type: ts.Type, owner: string): void => {
    for (const member of checker.getPropertiesOfType(type)) {
      if (!isInApp(member) || !add(member, `${owner}.`)) continue;
      const held = checker.getTypeOfSymbol(member);
      if (isInApp(held.aliasSymbol ?? held.symbol)) addMembersOf(held, member.name);
    }
  };

  const addClass = (symbol: ts.Symbol, isTypeOnly: boolean): void => {
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const isError = checker.getPropertyOfType(type, 'stack') !== undefined;
    // What is true of all errors of the client is said at the class that they extend.
    if (isError && symbol.name !== 'PepeunitError') return;
    if (!isTypeOnly) add(symbol);
    if (!isError) addMembersOf(type, symbol.name);
  };

  const addExport = (exported: ts.Symbol): void => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    if (symbol.flags & ts.SymbolFlags.ValueModule) checker.getExportsOfModule(symbol).forEach(addExport);
    else if (symbol.flags & ts.SymbolFlags.Class)
      addClass(symbol, exported.declarations?.some(ts.isTypeOnlyExportDeclaration) ?? false);
    else if (interfaces.includes(symbol.name)) addMembersOf(checker.getDeclaredTypeOfSymbol(symbol), symbol.name);
    else if (symbol.flags & ts.SymbolFlags.Value && checker.getTypeOfSymbol(symbol).getCallSignatures().length > 0)
      add(symbol);
  };

  for (const entry of entries) {
    const file = program.getSourceFile(join(root, entry));
    const module = file && checker.getSymbolAtLocation(file);
    if (!module) throw new Error(`${entry} is no module`);
    checker.getExportsOfModule(module).forEach(addExport);
  }
  return [...members.values()];
};

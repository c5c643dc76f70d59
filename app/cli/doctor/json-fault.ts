/** Where a text is no JSON, and what is wrong there; it quotes nothing, as the text may hold secrets. */
export interface JsonFault {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in characters. */
  readonly column: number;
  readonly what: string;
}

/** Deepest nesting that is followed. */
const maxLevels = 500;

class Fault extends Error {
  readonly at: number;
  constructor(at: number, what: string) {
    super(what);
    this.at = at;
  }
}

const space = /[ \t\n\r]*/y;
const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y;
// eslint-disable-next-line no-control-regex
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"/y;

const quotes = /['‘’“”«»`]/;

/** Walks over one JSON text. @throws {Fault} */
const walk = (text: string): void => {
  let at = 0;
  const take = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const length = pattern.exec(text)?.[0].length;
    at += length ?? 0;
    return length !== undefined;
  };
  const next = (): string | undefined => {
    take(space);
    return text[at];
  };
  const fail = (what: string): never => {
    if (at >= text.length) throw new Fault(at, 'the text ends too early');
    if (quotes.test(text[at] ?? '')) throw new Fault(at, 'texts need straight double quotes');
    if (text.startsWith('//', at) || text.startsWith('/*', at)) throw new Fault(at, 'JSON has no comments');
    throw new Fault(at, what);
  };
  const takeString = (): void => {
    const start = at;
    if (take(string)) return;
    at = start;
    throw new Fault(at, 'the text that begins here has no end in its line, or a character that needs a backslash');
  };
  const takeName = (): void => {
    if (next() !== '"') fail('a name in double quotes is missing, or there is a comma too many before it');
    takeString();
    if (next() !== ':') fail('a colon is missing');
    at += 1;
  };
  /** Takes the members of a list or an object, up to its closing bracket. */
  const takeMembers = (closing: string, takeMember: () => void): void => {
    at += 1;
    if (next() !== closing) {
      takeMember();
      while (next() === ',') {
        at += 1;
        takeMember();
      }
      if (next() !== closing) fail(`a comma or "${closing}" is missing`);
    }
    at += 1;
  };
  const takeValue = (level: number): void => {
    const first = next();
    if (level > maxLevels) throw new Fault(at, 'it is nested too deeply');
    if (first === '{') {
      takeMembers('}', () => {
        takeName();
        takeValue(level + 1);
      });
    } else if (first === '[') takeMembers(']', () => takeValue(level + 1));
    else if (first === '"') takeString();
    else if (!take(scalar)) fail('a value is missing, or is none of JSON');
  };
  takeValue(0);
  if (next() !== undefined) fail('the text goes on after its end');
};

/** Finds the first fault of a text that is no JSON; `undefined` if it is JSON. */
export const jsonFaultOf = (text: string): JsonFault | undefined => {
  try {
    walk(text);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    const lines = text.slice(0, thrown.at).split('\n');
    return { line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1, what: thrown.message };
  }
};

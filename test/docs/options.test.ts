import { compileFunction } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { resolveOptions } from '../../app/client/options/options.ts';
import { optionTable } from '../../app/client/options/table.ts';
import { boundsOf } from '../../app/messaging/outbound/options.ts';
import { optionRows } from './option-rows.ts';
import { codeIn, pageAt, rowsIn, sectionOf } from './pages.ts';
import { programOf } from './public-members.ts';

const readme = pageAt('README.md');

/** A value as the table shows it. */
const shownInTable = (value: unknown): unknown => {
  if (typeof value === 'string') return `'${value}'`;
  return typeof value === 'boolean' ? String(value) : value;
};

describe('the options of the README', () => {
  const rows = rowsIn(sectionOf(readme, 'Options'));
  const options = optionRows(programOf(['app/node.ts']));
  /** Types that are too long to read. */
  const shortTypes: Readonly<Record<string, string>> = {
    inspect: 'Observer | (event) => void',
    codecs: 'Record<string, Codec>',
    'outbox.policies': 'Record<string, Keep | KeepPolicy>',
    'update.ready': '(unit) => unknown',
  };

  test('are all options, with their types', () =>
    expect(rows.map(([name, type]) => `${codeIn(name)}: ${codeIn(type)}`).toSorted()).toEqual(
      options.map(({ name, type }) => `${name}: ${shortTypes[name] ?? type}`).toSorted(),
    ));

  test('have the defaults of the docblocks', () => {
    const others = ['outbox.policies'];
    const isOther = (name: string) => others.includes(name);
    expect(
      rows
        .map(([name, , value = '']) => [codeIn(name), codeIn(value) || value])
        .filter(([name = '']) => !isOther(name)),
    ).toEqual(
      expect.arrayContaining(
        options.filter(({ name }) => !isOther(name)).map((option) => [option.name, option.default]),
      ),
    );
  });

  test('have the defaults that are in force', () => {
    const { options: top } = resolveOptions(
      { envFilePath: 'a', schemaFilePath: 'b', logFilePath: 'c' },
      (path) => path,
    );
    const inForce: Record<string, unknown> = {
      ...top,
      ...Object.fromEntries(Object.entries(boundsOf({})).map(([name, value]) => [`outbox.${name}`, value])),
    };
    const units: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 * 1024 };
    const shown = (value: string): unknown => {
      const [, count, unit = ''] = /^`?(\d[\d_]*)`?(?: (\w+))?$/.exec(value) ?? [];
      return count === undefined ? codeIn(value) : Number(count.replaceAll('_', '')) * (units[unit] ?? 1);
    };
    const compared = rows.filter(([name, , value]) => inForce[codeIn(name)] !== undefined && value !== 'required');
    expect(compared.length).toBeGreaterThan(10);
    for (const [name = '', , value = ''] of compared)
      expect(shown(value), name).toBe(shownInTable(inForce[codeIn(name)]));
  });

  test('have examples that the client takes', () => {
    const pem = '-----BEGIN PUBLIC KEY-----';
    const nested: Readonly<Record<string, object>> = {
      'outbox.policies.*': { keep: 'queue' },
      'update.selfTest': { args: [] },
    };
    for (const [name, , , cell] of rows) {
      const evaluate = compileFunction(`return (${codeIn(cell)});`, ['readFileSync', 'nmcliWifi']) as (
        ...given: unknown[]
      ) => unknown;
      const wifi = { station: '', status: () => 0, scan: () => 0, join: () => 0, leave: () => 0, watch: () => 0 };
      let value = evaluate(
        () => pem,
        () => wifi,
      );
      const path = codeIn(name).split('.');
      while (path.length > 0) {
        const last = path.pop() ?? '';
        value = { ...nested[path.join('.')], [last]: value };
      }
      const needed = { envFilePath: 'a', schemaFilePath: 'b', logFilePath: 'c' };
      const { faults } = optionTable({ ...needed, ...(value as object) }, '');
      expect(faults, codeIn(name)).toEqual([]);
    }
  });
});

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLogReport } from '../../../app/instance/model/log-reports.ts';
import { sendableLine } from '../../../app/logging/sendable.ts';
import { LogLevel } from '../../../services/log.ts';

const digits = (most: number) => fc.integer({ min: 0, max: most }).map((n) => String(n).padStart(2, '0'));
const nearDates = fc
  .tuple(
    fc.constantFrom('2026', '0000', '1969', '9999', '26'),
    digits(14),
    digits(33),
    fc.constantFrom('T', ' ', 't', '_', ''),
    fc.tuple(digits(26), digits(61), digits(62)),
    fc.constantFrom('', '.1', '.123456', '.123456789', '.', ',5'),
    fc.constantFrom('', 'Z', 'z', '+03:00', '-0330', '+24:00', ' UTC'),
  )
  .map(
    ([year, month, day, t, time, fraction, zone]) => `${year}-${month}-${day}${t}${time.join(':')}${fraction}${zone}`,
  );

const anyDate = fc.oneof(
  { weight: 3, arbitrary: nearDates },
  fc.date().map(String),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.double().map(String),
  fc.double(),
  fc.integer({ min: -4e12, max: 4e12 }),
  fc.jsonValue(),
);

test('whatever log.json holds, each line of a sync is one that the instance reads, on one line (L8, L4)', () => {
  const entries = fc.record(
    {
      level: fc.constantFrom(...Object.values(LogLevel)),
      text: fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.constant('\ud83d broken')),
      create_datetime: anyDate,
      free_mem: fc.jsonValue(),
    },
    { requiredKeys: ['level', 'text'] },
  );
  fc.assert(
    fc.property(fc.array(entries, { minLength: 1 }), (given) => {
      const sent = given.map((entry) => sendableLine(JSON.stringify(entry)));
      const report = parseLogReport(Buffer.from(`[${sent.join(',')}]`), 0);
      expect(report.invalid).toBe(0);
      expect(report.entries.map(({ level }) => level)).toEqual(given.map(({ level }) => level));
      for (const [at, line] of sent.entries()) {
        // oxlint-disable-next-line no-control-regex -- control characters are what must not come out
        expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
        const { create_datetime: created, ...rest } = JSON.parse(line) as Record<string, string>;
        expect(rest).toEqual({
          level: given[at]?.level,
          text: given[at]?.text.replaceAll(/\p{Surrogate}/gu, '\ufffd'),
        });
        expect(created === undefined || new Date(created).toISOString() === created).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

const timeOf = (created: unknown) =>
  (
    JSON.parse(sendableLine(JSON.stringify({ level: 'Info', text: 'x', create_datetime: created }))) as {
      create_datetime?: string;
    }
  ).create_datetime;

test('a time keeps its moment, and one of the unit itself stays as it is', () => {
  fc.assert(
    fc.property(fc.date({ min: new Date(1), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      expect(timeOf(date.toISOString())).toBe(date.toISOString());
      expect(timeOf(date.toISOString().replace('Z', '+00:00'))).toBe(date.toISOString());
      expect(timeOf(date.toISOString().replace('T', ' ').replace('Z', '456'))).toBe(date.toISOString());
      expect(timeOf(date.getTime())).toBe(date.getTime() < 2e10 ? timeOf(date.getTime()) : date.toISOString());
    }),
  );
  expect(timeOf('2026-01-31T15:30:00+0330')).toBe('2026-01-31T12:00:00.000Z');
  expect(timeOf('1769860800')).toBe('2026-01-31T12:00:00.000Z');
  expect(timeOf(1_769_860_800.5)).toBe('2026-01-31T12:00:00.500Z');
  expect([timeOf(0), timeOf('2026-02-30'), timeOf('2025-02-29T12:00:00Z'), timeOf('')]).toEqual(
    Array(4).fill(undefined),
  );
});

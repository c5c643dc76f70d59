import { describe, expect, test } from 'vitest';
import type { LogEntry, LogSink } from '../../services/log.ts';

/** A sink under test. */
export interface LogSinkBench {
  readonly sink: LogSink;
  /** The lines, or texts, that came out at its other end. */
  readonly out: () => readonly string[] | Promise<readonly string[]>;
}

const hostileTexts = [
  'two\nlines',
  'two\r\nlines',
  '\u001b[31mred\u001b[0m',
  '\u009b31mred',
  'bell\u0007 null\0 delete\u007f',
  'separators\u2028and\u2029more',
  '{"level":"Info"}',
  '\ud800',
  '',
  'x'.repeat(5000),
];

/** One entry. */
export const entry = (text: string): LogEntry => ({
  level: 'Info',
  text,
  create_datetime: '2026-01-31T12:00:00.000Z',
});

// oxlint-disable-next-line no-control-regex -- control characters are what must not come out
const obeyed = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** What every log sink does. */
export const logSinkContract = (name: string, make: () => Promise<LogSinkBench>): void => {
  describe(`log sink: ${name}`, () => {
    test('everything comes out, in order, once flushed', async () => {
      const { sink, out } = await make();
      for (const text of ['one', 'two', 'three']) sink.write(entry(text));
      await sink.flush();
      const lines = await out();
      expect(lines).toHaveLength(3);
      for (const [index, text] of ['one', 'two', 'three'].entries()) expect(lines[index]).toContain(text);
    });

    test('an entry without a time is one too', async () => {
      const { sink, out } = await make();
      sink.write({ level: 'Critical', text: 'early' });
      await sink.flush();
      expect((await out())[0]).toMatch(/Critical.*early/);
    });

    test('one entry is one line, with nothing that a terminal obeys, whatever the text (L4, C9)', async () => {
      const { sink, out } = await make();
      for (const text of hostileTexts) sink.write(entry(text));
      await sink.flush();
      const lines = await out();
      expect(lines).toHaveLength(hostileTexts.length);
      for (const line of lines) expect(line).not.toMatch(obeyed);
    });

    test('flushing nothing is quick and harmless', async () => {
      const { sink, out } = await make();
      await sink.flush();
      await sink.flush();
      expect(await out()).toEqual([]);
    });
  });
};

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryLine } from '../../../adapters/shared/log/log-lines.ts';
import { fakeClock } from '../../../adapters/memory/clock.ts';
import { LogDispatcher } from '../../../app/logging/log.ts';
import type { LogConfig } from '../../../machines/logger.ts';
import { hideSecrets } from '../../../services/redaction.ts';
import { LogLevel, type LogEntry, type LogSink } from '../../../services/log.ts';

const everything: LogConfig = { minLevel: 'Debug', maxLength: 64, console: true, file: true, mqtt: true };

const setUp = (epochMs: () => number | undefined = () => 0, secrets: string[] = []) => {
  const seen: Record<'console' | 'file' | 'mqtt', LogEntry[]> = { console: [], file: [], mqtt: [] };
  const sink = (name: keyof typeof seen): LogSink => ({
    write: (entry) => void seen[name].push(entry),
    flush: async () => undefined,
  });
  const sinks = { console: sink('console'), file: sink('file'), mqtt: sink('mqtt') };
  const log = new LogDispatcher({ clock: fakeClock(), sinks, epochMs }, everything);
  hideSecrets(secrets);
  return { seen, sinks, log };
};

test('an entry goes to every sink, in the form that the backend takes', () => {
  const { seen, log } = setUp();
  log.log(LogLevel.Info, 'hello');
  const entry = { level: 'Info', text: 'hello', create_datetime: '1970-01-01T00:00:00.000Z' };
  expect(seen).toEqual({ console: [entry], file: [entry], mqtt: [entry] });
});

test('the time is left out while none is trusted (L1)', () => {
  const { seen, log } = setUp(() => undefined);
  log.log(LogLevel.Info, 'early');
  expect(seen.file).toEqual([{ level: 'Info', text: 'early' }]);
});

test('sinks and level are switched while it runs (L5)', () => {
  const { seen, log } = setUp();
  log.configure({ ...everything, minLevel: 'Warning', console: false });
  log.log(LogLevel.Info, 'low');
  log.log(LogLevel.Error, 'high');
  expect(seen.console).toEqual([]);
  expect(seen.file.map(({ text }) => text)).toEqual(['high']);
});

test('an entry for the file alone never reaches MQTT', () => {
  const { seen, log } = setUp();
  log.log(LogLevel.Info, 'x', { fileOnly: true });
  expect([seen.console.length, seen.file.length, seen.mqtt.length]).toEqual([1, 1, 0]);
});

test('a secret never shows (C1)', () => {
  const { seen, log } = setUp(() => 0, ['a-secret-token', 'short', '']);
  log.log(LogLevel.Info, 'token a-secret-token, twice a-secret-token, short');
  expect(seen.file[0]?.text).toBe('token ***, twice ***, short');
});

test('a sink that throws never stops the caller or the others, and is told on those once, until it works again (L6)', () => {
  const { seen, log, sinks } = setUp();
  const texts = (sink: keyof typeof seen) => seen[sink].map(({ text }) => text);
  const { write } = sinks.console;
  sinks.console.write = () => {
    throw new Error('no terminal');
  };
  for (const text of ['one', 'two']) log.log(LogLevel.Info, text);
  expect(texts('file')).toEqual(['Entries do not reach the console log: no terminal', 'one', 'two']);
  expect(texts('mqtt')).toEqual(texts('file'));
  sinks.console.write = write;
  log.log(LogLevel.Info, 'three');
  expect(texts('console')).toEqual(['three']);
});

test('sinks that fail all together tell each other nothing without end (L6)', async () => {
  const { log, sinks } = setUp();
  let calls = 0;
  for (const sink of Object.values(sinks)) {
    sink.write = () => {
      calls += 1;
      throw new Error('down');
    };
    sink.flush = () => Promise.reject(new Error('down'));
  }
  for (let n = 0; n < 100; n += 1) log.log(LogLevel.Info, 'x');
  await log.flush();
  expect(calls).toBeLessThan(350);
});

test('anything is an entry that the backend takes: any text, level and clock (L1, L4)', () => {
  const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.anything());
  const levels = fc.oneof(fc.constantFrom(...Object.values(LogLevel)), fc.string());
  const clocks = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.date({ noInvalidDate: true }).map(Number),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(texts, levels, clocks, (text, level, now) => {
      const { seen, log } = setUp(() => now);
      log.log(level as LogLevel, text as string);
      expect(seen.file).toHaveLength(1);
      const line = entryLine(seen.file[0] as LogEntry);
      // oxlint-disable-next-line no-control-regex -- control characters are what must not come out
      expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/);
      const entry = JSON.parse(line) as Record<string, unknown>;
      expect(entry).toEqual(seen.mqtt[0]);
      expect(Object.values(LogLevel)).toContain(entry['level']);
      expect(typeof entry['text']).toBe('string');
      expect(String(entry['text']).length).toBeLessThan(4100);
      expect(String(entry['text'])).not.toMatch(/\p{Surrogate}/u);
      const { create_datetime: created = '2026-01-01T00:00:00.000Z' } = entry as { create_datetime?: string };
      expect(created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      const isUsable = now !== undefined && now >= 0 && now < Date.UTC(10_000, 0, 1);
      expect('create_datetime' in entry ? Date.parse(created) : -1).toBe(isUsable ? Math.trunc(now) + 0 : -1);
    }),
    { numRuns: 500 },
  );
});

test('a text that is very long is cut, and says by how much', () => {
  const { seen, log } = setUp();
  log.log(LogLevel.Info, 'x'.repeat(1_000_000));
  expect(seen.mqtt[0]?.text).toBe(`${'x'.repeat(4000)}… (996000 more characters)`);
});

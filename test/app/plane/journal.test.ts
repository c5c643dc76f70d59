import { expect, test } from 'vitest';
import { createJournal, type JournalConfig } from '../../../app/plane/journal.ts';
import { LogLevel, type LogEntry, type LogSink } from '../../../services/log.ts';

const everything: JournalConfig = { minLevel: 'Debug', maxLength: 64, console: true, file: true, mqtt: true };

const setUp = (epochMs: () => number | undefined = () => 0, secrets: string[] = []) => {
  const seen: Record<'console' | 'file' | 'mqtt', LogEntry[]> = { console: [], file: [], mqtt: [] };
  const sink = (name: keyof typeof seen): LogSink => ({
    write: (entry) => void seen[name].push(entry),
    flush: async () => undefined,
  });
  const sinks = { console: sink('console'), file: sink('file'), mqtt: sink('mqtt') };
  return { seen, journal: createJournal({ sinks, epochMs, secrets: () => secrets }, everything) };
};

test('an entry goes to every sink, in the form that the backend takes', () => {
  const { seen, journal } = setUp();
  journal.log(LogLevel.Info, 'hello');
  const entry = { level: 'Info', text: 'hello', create_datetime: '1970-01-01T00:00:00.000Z' };
  expect(seen).toEqual({ console: [entry], file: [entry], mqtt: [entry] });
});

test('the time is left out while none is trusted (L1)', () => {
  const { seen, journal } = setUp(() => undefined);
  journal.log(LogLevel.Info, 'early');
  expect(seen.file).toEqual([{ level: 'Info', text: 'early' }]);
});

test('sinks and level are switched while it runs (L5)', () => {
  const { seen, journal } = setUp();
  journal.configure({ ...everything, minLevel: 'Warning', console: false });
  journal.log(LogLevel.Info, 'low');
  journal.log(LogLevel.Error, 'high');
  expect(seen.console).toEqual([]);
  expect(seen.file.map(({ text }) => text)).toEqual(['high']);
});

test('an entry for the file alone never reaches MQTT', () => {
  const { seen, journal } = setUp();
  journal.log(LogLevel.Info, 'x', { fileOnly: true });
  expect([seen.console.length, seen.file.length, seen.mqtt.length]).toEqual([1, 1, 0]);
});

test('a secret never shows (C1)', () => {
  const { seen, journal } = setUp(() => 0, ['a-secret-token', 'short', '']);
  journal.log(LogLevel.Info, 'token a-secret-token, twice a-secret-token, short');
  expect(seen.file[0]?.text).toBe('token ***, twice ***, short');
});

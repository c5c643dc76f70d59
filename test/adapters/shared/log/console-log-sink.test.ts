import { afterEach, expect, test, vi } from 'vitest';
import { consoleLine, consoleLogSink } from '../../../../adapters/shared/log/console-log-sink.ts';
import { entry, logSinkContract } from '../../../contracts/log-sink.ts';

logSinkContract('console', async () => {
  const lines: string[] = [];
  return { sink: consoleLogSink({ print: (line) => void lines.push(line) }), out: () => lines };
});

afterEach(() => void vi.restoreAllMocks());

test('a line tells when, how grave and what', () => {
  expect(consoleLine(entry('Connected'))).toBe('2026-01-31T12:00:00.000Z Info     Connected');
  expect(consoleLine({ level: 'Warning', text: 'a\tb\u001b[2J\n' })).toBe('- Warning  a\\tb\\x1b[2J\\n');
});

test('warnings and worse go to the console’s errors', () => {
  const info = vi.spyOn(console, 'info').mockImplementation(() => undefined);
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  for (const level of ['Debug', 'Info', 'Warning', 'Error', 'Critical'] as const) {
    consoleLogSink().write({ level, text: 'x' });
  }
  expect([info.mock.calls.length, error.mock.calls.length]).toEqual([2, 3]);
});

test('a console that throws does not reach the caller (L6)', () => {
  const print = vi.fn<() => void>().mockImplementation(() => {
    throw new Error('no console');
  });
  expect(() => consoleLogSink({ print }).write(entry('x'))).not.toThrow();
  expect(print).toHaveBeenCalledOnce();
});

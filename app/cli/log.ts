import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { consoleLine } from '../../adapters/shared/log/console-log-sink.ts';
import { loadLines } from '../../adapters/shared/log/log-lines.ts';
import { fileStorage } from '../../adapters/node/storage/storage.ts';
import { StorageError } from '../../services/errors.ts';
import { LogLevel, type LogEntry } from '../../services/log.ts';
import { command, exitCode } from './command.ts';
import { interruption } from '../terminal/interruption.ts';
import { painter, print, type Tone } from '../terminal/output.ts';

const tones: Partial<Record<LogLevel, Tone>> = {
  [LogLevel.Debug]: 'dim',
  [LogLevel.Warning]: 'yellow',
  [LogLevel.Error]: 'red',
  [LogLevel.Critical]: 'red',
};

const pollMs = 250;

const readable = (line: string): string => {
  const entry = JSON.parse(line) as LogEntry;
  const tone = tones[entry.level];
  return tone === undefined ? consoleLine(entry) : painter(process.stdout)(tone, consoleLine(entry));
};

const missing = (path: string) =>
  new StorageError('io', `${path} does not exist. Name the folder of a unit that has run.`);

/** Finds the lines added to the end of a file that may have lost its oldest lines meanwhile. */
export const appended = (before: readonly string[], now: readonly string[]): readonly string[] => {
  for (let cut = 0; cut < before.length; cut += 1) {
    const kept = before.length - cut;
    if (kept <= now.length && before.slice(cut).every((line, index) => line === now[index])) return now.slice(kept);
  }
  return now;
};

/** `pepeunit log`: shows a unit's log. */
export const logCommand = command(
  {
    name: 'log',
    operands: '[FOLDER]',
    minOperands: 0,
    maxOperands: 1,
    about: 'Shows log.json of the unit in FOLDER (by default the current one), oldest entry first.',
    options: {
      json: { type: 'boolean', help: 'Print the entries as stored: one JSON object on each line.' },
      follow: { type: 'boolean', help: 'Keep printing new entries, until Ctrl-C.' },
    },
  },
  async ({ operands: [folder = '.'], options }) => {
    const storage = fileStorage();
    const path = join(folder, 'log.json');
    if (options.follow !== true && !(await storage.exists(path))) throw missing(path);
    const show = options.json === true ? (line: string) => line : readable;
    const load = async () => (await loadLines(storage, path, Number.MAX_SAFE_INTEGER)).lines;
    let lines = await load();
    for (const line of lines) print(show(line));
    if (options.follow !== true) return exitCode.ok;
    using stop = interruption();
    while (!stop.signal.aborted) {
      await pause(pollMs, undefined, { signal: stop.signal }).catch(() => undefined);
      const now = await load();
      for (const line of appended(lines, now)) print(show(line));
      lines = now;
    }
    return exitCode.ok;
  },
);

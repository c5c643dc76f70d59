import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { consoleLine } from '../../adapters/shared/log/console-log-sink.ts';
import { loadLines } from '../../adapters/shared/log/log-lines.ts';
import { FileStorage } from '../../adapters/node/storage/storage.ts';
import { StorageError } from '../../services/errors.ts';
import { LogLevel, type LogEntry } from '../../services/log.ts';
import { command, exitCode } from './command.ts';
import { countIn, filtered, sinceIn } from './log-filter.ts';
import { isThere } from './if-there.ts';
import { notesOf } from './note.ts';
import { interruption } from '../terminal/interruption.ts';
import { painter, print, wrapped, type Tone } from '../terminal/output.ts';

const tones: Partial<Record<LogLevel, Tone>> = {
  [LogLevel.Debug]: 'dim',
  [LogLevel.Warning]: 'yellow',
  [LogLevel.Error]: 'red',
  [LogLevel.Critical]: 'red',
};

const pollMs = 250;

/** A stored entry for people: one line, broken between words on a terminal. */
const readable = (line: string): string => {
  const entry = JSON.parse(line) as LogEntry;
  const tone = tones[entry.level];
  const text = tone === undefined ? consoleLine(entry) : painter(process.stdout)(tone, consoleLine(entry));
  return wrapped(text, process.stdout, 2);
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
      tail: { type: 'string', value: 'NUMBER', help: 'Print at most this many entries, the newest. All by default.' },
      level: {
        type: 'string',
        value: 'LEVEL',
        choices: Object.values(LogLevel),
        help: 'Print entries of this level and those above it: Debug (by default), Info, Warning, Error or Critical.',
      },
      since: {
        type: 'string',
        value: 'TIME',
        help: 'Print entries from this time on: 2026-01-31 or 2026-01-31T12:00 (here), 2026-01-31T12:00Z, or how long ago: 30s, 10m, 2h, 1d.',
      },
      follow: { type: 'boolean', help: 'Keep printing new entries, until Ctrl-C.' },
      json: { type: 'boolean', help: 'Print the entries as stored: one JSON object on each line.' },
    },
    examples: ['--tail 20 --follow', 'my-unit --level Warning --since 2h'],
  },
  async ({ operands: [folder = '.'], options }) => {
    const filter = {
      level: options.level as LogLevel | undefined,
      sinceMs: options.since === undefined ? undefined : sinceIn(options.since, Date.now()),
    };
    const tail = options.tail === undefined ? undefined : countIn(options.tail);
    const storage = new FileStorage();
    const path = join(folder, 'log.json');
    if (!(await storage.exists(path))) {
      if (options.follow !== true || !(await isThere(folder))) throw missing(path);
      notesOf('log', options)(`${path} does not exist yet: waiting for it.`);
    }
    const show = (line: string): void => print(options.json === true ? line : readable(line));
    const load = async () => (await loadLines(storage, path, Number.MAX_SAFE_INTEGER)).lines;
    let lines = await load();
    filtered(lines, { ...filter, tail }).forEach(show);
    if (options.follow !== true) return exitCode.ok;
    using stop = interruption();
    while (!stop.signal.aborted) {
      await pause(pollMs, undefined, { signal: stop.signal }).catch(() => undefined);
      const now = await load();
      filtered(appended(lines, now), filter).forEach(show);
      lines = now;
    }
    return exitCode.ok;
  },
);

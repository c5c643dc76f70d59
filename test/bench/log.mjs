/** Measures what one log entry costs in bytes written, with log.json full: replaced as a whole, and added to. Ends with one line of JSON. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostFs } from '../../adapters/node/fs/file-system.ts';
import { hostLineFs } from '../../adapters/node/storage/line-file.ts';
import { fileStorage } from '../../adapters/node/storage/storage.ts';
import { fileLogSink } from '../../adapters/shared/log/file-log-sink.ts';

const entries = 5000;
const entry = { level: 'Info', text: 'x'.repeat(60), create_datetime: '2026-01-31T12:00:00.000Z' };

/** The host's file system, and a count of what is written to it. */
const counted = () => {
  const count = { bytes: 0, writes: 0 };
  const add = (bytes) => {
    count.bytes += bytes;
    count.writes += 1;
  };
  const counting = (fs) => ({
    ...fs,
    open: async (...args) => {
      const handle = await fs.open(...args);
      const { write, writeFile } = handle;
      handle.write = (bytes, offset, length, position) => {
        add(length);
        return write.call(handle, bytes, offset, length, position);
      };
      handle.writeFile = (content) => {
        add(Buffer.byteLength(content));
        return writeFile.call(handle, content);
      };
      return handle;
    },
  });
  return { count, fs: counting(hostFs), lineFs: counting(hostLineFs) };
};

const measure = async (maxLines, isReplaced) => {
  const folder = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));
  const path = join(folder, 'log.json');
  const { count, fs, lineFs } = counted();
  const files = fileStorage({ fs, lineFs });
  const lines = [];
  const replaced = {
    ...files,
    appendLines: async (where, added, most) => {
      lines.push(...added);
      lines.splice(0, lines.length - most);
      await files.writeLines(where, lines);
    },
  };
  const sink = fileLogSink({ storage: isReplaced ? replaced : files, path, maxLines: () => maxLines });
  for (let n = 0; n < maxLines; n += 1) sink.write(entry);
  await sink.flush();
  Object.assign(count, { bytes: 0, writes: 0 });
  const began = performance.now();
  for (let n = 0; n < entries; n += 1) {
    sink.write(entry);
    await sink.flush();
  }
  const perEntry = Math.round(count.bytes / entries);
  const micros = Math.round(((performance.now() - began) * 1000) / entries);
  const { size } = await stat(path);
  await rm(folder, { recursive: true });
  return { perEntry, micros, size };
};

const line = JSON.stringify(entry).length + 1;
console.log(`${entries} entries of ${line} bytes each, one at a time, into a log.json that is full`);
console.log('lines kept   replaced: bytes/entry       us   added to: bytes/entry       us   file at the end');
const rows = [];
for (const maxLines of [64, 1000]) {
  const before = await measure(maxLines, true);
  const after = await measure(maxLines, false);
  rows.push({ maxLines, before, after });
  const cells = [maxLines, before.perEntry, before.micros, after.perEntry, after.micros, after.size];
  console.log(cells.map((cell, index) => String(cell).padStart([10, 22, 9, 24, 9, 18][index])).join(''));
}
console.log(JSON.stringify({ entries, line, rows }));

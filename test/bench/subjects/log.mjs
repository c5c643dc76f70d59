/**
 * Measures log entries that are written one at a time into a log.json that is full. Argument: a JSON object with how many
 * entries, and how many lines are kept.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostFs } from '../../../adapters/node/fs/file-system.ts';
import { hostLineFs } from '../../../adapters/node/storage/line-file.ts';
import { FileStorage } from '../../../adapters/node/storage/storage.ts';
import { FileLogSink } from '../../../adapters/shared/log/file-log-sink.ts';
import { tell } from './parent.mjs';

const { count, maxLines } = JSON.parse(process.argv[2]);
const entry = { level: 'Info', text: 'x'.repeat(60), create_datetime: '2026-01-31T12:00:00.000Z' };
let written = 0;

/** The host's files, with what is written to them counted. */
const counting = (fs) => ({
  ...fs,
  open: async (...args) => {
    const handle = await fs.open(...args);
    const { write, writeFile } = handle;
    handle.write = (bytes, offset, length, position) => {
      written += length;
      return write.call(handle, bytes, offset, length, position);
    };
    handle.writeFile = (content) => {
      written += Buffer.byteLength(content);
      return writeFile.call(handle, content);
    };
    return handle;
  },
});

const folder = await mkdtemp(join(tmpdir(), 'pepeunit-bench-'));
const storage = new FileStorage({ fs: counting(hostFs), lineFs: counting(hostLineFs) });
const sink = new FileLogSink({ storage, path: join(folder, 'log.json'), maxLines: () => maxLines });

const write = async (entries) => {
  for (let at = 0; at < entries; at += 1) {
    sink.write(entry);
    await sink.flush();
  }
};

await write(maxLines);
written = 0;
const start = performance.now();
await write(count);
const seconds = (performance.now() - start) / 1000;
await rm(folder, { recursive: true });
await tell({ perSecond: count / seconds, bytesPerEntry: written / count });
process.disconnect();

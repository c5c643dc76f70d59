/** Stages one archive in a process of its own, or only reads it, and tells how long it took and how far memory rose. */
import { createReadStream } from 'node:fs';
import { folderFirmwareStore } from '../../dist/adapters/node/firmware/store.js';
import { zlibDecompress } from '../../dist/adapters/node/archive/zlib.js';
import { readArchive } from '../../dist/adapters/shared/archive/archive.js';
import { defaultArchiveLimits } from '../../dist/services/firmware.js';

const [archive, folder] = process.argv.slice(2);
const limits = defaultArchiveLimits;
const stage = () =>
  folderFirmwareStore({ folder, limits }).stage(createReadStream(archive), new AbortController().signal);
const read = async () => {
  for await (const { content } of readArchive(createReadStream(archive), limits, zlibDecompress)) {
    for await (const _ of content);
  }
};
await new Promise((resolve) => setTimeout(resolve, 200));
const idle = process.memoryUsage.rss();
const start = performance.now();
await (folder ? stage() : read());
const ms = performance.now() - start;
const rssMb = (process.resourceUsage().maxRSS * 1024 - idle) / 1024 / 1024;
process.send({ ms, rssMb }, () => process.disconnect());

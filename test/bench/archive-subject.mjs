/** Stages one archive in a process of its own, or only reads it, and tells how long it took and how far memory rose. */
import { createReadStream } from 'node:fs';
import { folderFirmwareStore } from '../../adapters/node/firmware/store.ts';
import { zlibDecompress } from '../../adapters/node/archive/zlib.ts';
import { exactNames } from '../../adapters/shared/archive/entry-names.ts';
import { readArchive } from '../../adapters/shared/archive/archive.ts';
import { defaultArchiveLimits } from '../../services/firmware.ts';

const [archive, folder] = process.argv.slice(2);
const limits = defaultArchiveLimits;
const stage = () =>
  folderFirmwareStore({ folder, limits }).stage(createReadStream(archive), new AbortController().signal);
const read = async () => {
  for await (const { content } of readArchive(createReadStream(archive), limits, exactNames, zlibDecompress)) {
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

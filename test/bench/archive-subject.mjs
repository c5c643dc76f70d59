/** Stages one archive in a process of its own, and tells how long it took and how far memory rose above idle. */
import { createReadStream } from 'node:fs';
import { folderFirmwareStore } from '../../dist/adapters/node/firmware-store.js';
import { defaultArchiveLimits } from '../../dist/services/firmware.js';

const [archive, folder] = process.argv.slice(2);
const store = folderFirmwareStore({ folder, limits: defaultArchiveLimits });
await new Promise((resolve) => setTimeout(resolve, 200));
const idle = process.memoryUsage.rss();
const start = performance.now();
await store.stage(createReadStream(archive), new AbortController().signal);
const ms = performance.now() - start;
const rssMb = (process.resourceUsage().maxRSS * 1024 - idle) / 1024 / 1024;
process.send({ ms, rssMb }, () => process.disconnect());

/**
 * Stages one archive in a process of its own, and tells how long it took and how far memory rose. Argument: a JSON object
 * with the archive and the folder.
 */
import { createReadStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { folderFirmwareStore } from '../../../adapters/node/firmware/store.ts';
import { defaultArchiveLimits } from '../../../services/firmware.ts';
import { tell } from './parent.mjs';

const { archive, folder } = JSON.parse(process.argv[2]);
const store = folderFirmwareStore({ folder, limits: defaultArchiveLimits });
await delay(200);
const idle = process.memoryUsage.rss();
const start = performance.now();
await store.stage(createReadStream(archive), new AbortController().signal);
const ms = performance.now() - start;
const rssMb = (process.resourceUsage().maxRSS * 1024 - idle) / 1024 / 1024;
await tell({ ms, rssMb });
process.disconnect();

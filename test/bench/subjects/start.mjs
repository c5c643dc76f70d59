/** Measures the start of one client, from that of its process until it has subscribed, and its process at rest. */
import { setTimeout as delay } from 'node:timers/promises';
import { connectSubject } from './clients.mjs';
import { tell } from './parent.mjs';

const setup = JSON.parse(process.argv[2]);
// mqtt.js starts best without its table of numbers, which a unit does without.
const client = await connectSubject(setup.subject, { ...setup, writeCache: false });
const { user, system } = process.cpuUsage();
const wallMs = performance.now();
await delay(setup.restSeconds * 1000);
await tell({ cpuMs: (user + system) / 1000, wallMs, rssMb: process.memoryUsage.rss() / 1024 / 1024 });
await client.end();
process.disconnect();

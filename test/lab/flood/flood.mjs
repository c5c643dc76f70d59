/**
 * Floods a unit with inbound messages (`--messages`, a million by default) from a process of their own, and fits a line through what
 * its heap holds meanwhile, garbage collected. Run with --expose-gc. The last line is JSON; the exit code says whether
 * the slope is under `--limit` bytes a message (1 by default), and every message came. `--fast-path off` leaves them to the
 * MQTT library.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PepeunitClient } from 'pepeunit-client';
import { writeDocuments } from '../../bench/subjects/documents.mjs';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    limit: { type: 'string', default: '1' },
    'fast-path': { type: 'string', default: 'on' },
    json: { type: 'boolean' },
  },
});
const messages = Number(values.messages);
const fastPath = { on: true, off: false }[values['fast-path']];
const rounds = 20;
const chunk = Math.ceil(messages / rounds);

const startPeer = async () => {
  const peer = spawn(process.execPath, [fileURLToPath(new URL('../../bench/peer-fallback.mjs', import.meta.url))], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface(peer.stdout), 'line');
  return { peer, port: Number(line.split(' ')[1]) };
};

const startUnit = async (folder, port) => {
  const client = new PepeunitClient({
    ...(await writeDocuments(folder, { port })),
    ffConsoleLogEnable: false,
    ffMqttLogEnable: false,
    mqtt: { protocol: 4, fastPath },
  });
  await client.ready();
  return client;
};

/** Bytes in use once everything that can go is gone. */
const heap = async () => {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
};

/** By how much `y` grows with `x`, by least squares. */
const slopeOf = (points) => {
  const mean = (pick) => points.reduce((sum, point) => sum + pick(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  return mean((point) => (point.x - x) * (point.y - y)) / mean((point) => (point.x - x) ** 2);
};

if (fastPath === undefined) throw new TypeError(`--fast-path takes on or off, not "${values['fast-path']}"`);
if (!globalThis.gc) throw new Error('Run this with node --expose-gc.');
const folder = await mkdtemp(join(tmpdir(), 'pepeunit-flood-'));
const { peer, port } = await startPeer();
const client = await startUnit(folder, port);
let handled = 0;
let reached = () => undefined;
let wanted = Infinity;
client.setMqttInputHandler((_, message) => {
  handled += 1;
  if (handled === wanted) reached();
  return message.payload[0] === 120 && handled % 16 === 0 ? Promise.resolve() : undefined;
});

const flood = (count) =>
  new Promise((resolve) => {
    wanted = handled + count;
    reached = resolve;
    peer.stdin.write(`flood 0 64 ${count} 1000\n`);
  });

await flood(chunk);
await flood(chunk);
const start = handled;
const points = [{ x: 0, y: await heap() }];
for (let round = 0; round < rounds; round += 1) {
  await flood(chunk);
  points.push({ x: handled - start, y: await heap() });
}
const slope = Number(slopeOf(points).toFixed(4));
const { received, dropped } = client.metrics().inbox;
await client.stopMainCycle();
peer.stdin.end();
await rm(folder, { recursive: true });

const result = {
  fastPath,
  messages: handled - start,
  lost: received - handled,
  dropped,
  slopeBytesPerMessage: slope,
  heapAtStartMb: Number((points[0].y / 1e6).toFixed(2)),
  heapAtEndMb: Number((points.at(-1).y / 1e6).toFixed(2)),
};
console.log(`${result.messages} messages: the heap grows by ${slope} bytes a message`);
console.log(JSON.stringify(result));
process.exitCode = slope < Number(values.limit) && result.lost === 0 && dropped === 0 ? 0 : 1;

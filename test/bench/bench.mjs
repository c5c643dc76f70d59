/** Compares a unit with bare mqtt.js, side by side in one run; prints ratios. `--json` prints them as the last line. */
import { fork } from 'node:child_process';

const rounds = Number(process.env.BENCH_ROUNDS ?? 7);
const rows = [
  { name: 'inbound QoS 0', direction: 'in', qos: 0, count: 100_000 },
  { name: 'inbound QoS 1', direction: 'in', qos: 1, count: 50_000 },
  { name: 'outbound QoS 0', direction: 'out', qos: 0, count: 100_000 },
  { name: 'outbound QoS 1', direction: 'out', qos: 1, count: 50_000 },
];
const here = (name) => new URL(name, import.meta.url).pathname;

const startPeer = () =>
  new Promise((resolve) => {
    const peer = fork(here('peer.mjs'));
    peer.once('message', ({ port }) => resolve({ peer, port }));
  });

/** Runs one client in a fresh process against the peer, passing its orders on. */
const measure = ({ peer, port }, kind, { direction, qos, count }) =>
  new Promise((resolve, reject) => {
    const subject = fork(here('subject.mjs'), [kind, direction, qos, count, port].map(String));
    let result;
    const toSubject = (message) => subject.connected && subject.send(message);
    peer.on('message', toSubject);
    subject.on('message', (message) => {
      if (message.type === 'result') result = message;
      else peer.send(message);
    });
    subject.on('exit', (code) => {
      peer.off('message', toSubject);
      if (code === 0 && result) resolve(result);
      else reject(new Error(`${kind} ended with ${code} and no result`));
    });
  });

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const round = (number, digits) => Number(number.toFixed(digits));

const compare = async (link, row) => {
  const pairs = [];
  for (let index = 0; index < rounds; index += 1) {
    const order = index % 2 === 0 ? ['bare', 'unit'] : ['unit', 'bare'];
    const pair = {};
    for (const kind of order) pair[kind] = await measure(link, kind, row);
    pairs.push(pair);
  }
  return {
    name: row.name,
    bare: Math.round(median(pairs.map(({ bare }) => bare.perSecond))),
    unit: Math.round(median(pairs.map(({ unit }) => unit.perSecond))),
    ratio: round(median(pairs.map(({ bare, unit }) => unit.perSecond / bare.perSecond)), 2),
    cpuRatio: round(median(pairs.map(({ bare, unit }) => unit.cpuMicros / bare.cpuMicros)), 2),
  };
};

const link = await startPeer();
console.log(`Node ${process.version}, 64-byte payloads, median of ${rounds} pairs, each client in its own process`);
console.log('                 mqtt.js msg/s   unit msg/s   ratio   CPU per message, ratio');
const results = [];
for (const row of rows) {
  const result = await compare(link, row);
  results.push(result);
  const { name, bare, unit, ratio, cpuRatio } = result;
  console.log(
    `${name.padEnd(16)} ${String(bare).padStart(13)} ${String(unit).padStart(12)} ${ratio.toFixed(2).padStart(7)} ${cpuRatio.toFixed(2).padStart(10)}`,
  );
}
link.peer.disconnect();
if (process.argv.includes('--json')) console.log(JSON.stringify({ rounds, results }));

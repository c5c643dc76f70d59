/**
 * Measures the messages of one client in a process of its own. Argument: a JSON object with the subject's name and the
 * row. Asks its parent for what the peer shall do, and tells it the result.
 */
import { connectSubject } from './clients.mjs';
import { ask, tell } from './parent.mjs';

const setup = JSON.parse(process.argv[2]);
const { subject, direction, qos, bytes, count, warmUp, window, isAwaited } = setup;
const client = await connectSubject(subject, setup);

/** Ends the run as soon as it can't succeed any more. */
const watch = () => {
  const fault = client.fault();
  if (fault) throw new Error(fault);
};
const watching = setInterval(watch, 1000).unref();

let missing = 0;
let reached;
client.onMessage((content) => {
  if (content.length === bytes && --missing === 0) reached();
});

const receive = async (wanted) => {
  const all = new Promise((resolve) => {
    missing = wanted;
    reached = resolve;
  });
  await ask('flood', `${qos} ${bytes} ${wanted} ${window}`);
  await all;
};

const send = async (wanted) => {
  const arrived = ask('received');
  await (isAwaited ? client.sendOneByOne(wanted) : client.send(wanted, window));
  await arrived;
};

const run = async (wanted) => {
  if (direction === 'out') await ask('expect', String(wanted));
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  await (direction === 'in' ? receive(wanted) : send(wanted));
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: wanted / seconds, cpuMicros: (user + system) / wanted };
};

await run(warmUp);
const result = await run(count);
// A stop drops what the unit publishes last.
clearInterval(watching);
await client.end();
await tell(result);
process.disconnect();

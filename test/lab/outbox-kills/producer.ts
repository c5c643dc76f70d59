import { once } from 'node:events';
import { PepeunitClient } from '../../../app/node.ts';

/**
 * A unit that publishes numbers, and tells each that was delivered or queued on its standard output.
 *
 * Arguments: its folder, the number of topics, how many publishes, and the numbers that are still to do, the first of
 * which go before those from `next` on.
 */
const [folder = '', topics = '1', publishes = '0', next = '0', again = ''] = process.argv.slice(2);
const pauseMs = 5;
const perPause = 4;

const client = new PepeunitClient({
  envFilePath: `${folder}/env.json`,
  schemaFilePath: `${folder}/schema.json`,
  logFilePath: `${folder}/log.json`,
  ffConsoleLogEnable: false,
  ffMqttLogEnable: false,
  mqtt: { protocol: 5 },
  restartMode: 'no_restart',
  outbox: { rate: false, messages: 50_000, bytes: 64 * 1024 * 1024 },
});

const publish = async (number: number): Promise<void> => {
  const taken = await client.publishToTopics(`output${number % Number(topics)}/pepeunit`, String(number), { qos: 1 });
  process.stdout.write(`${taken ? 'settled' : 'failed'} ${number}\n`);
};

const running = client.runMainCycle();
await client.schema.updateFromFile();
const numbers = again === '' ? [] : again.split(',').map(Number);
for (let number = Number(next); number < Number(publishes); number += 1) numbers.push(number);
for (const [index, number] of numbers.entries()) {
  void publish(number);
  if (index % perPause === perPause - 1) await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
process.stdout.write('published\n');
// The end of its input is the word to stop.
process.stdin.resume();
await once(process.stdin, 'end');
await client.stopMainCycle();
await running;

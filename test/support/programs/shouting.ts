import { standardStream } from '../../../adapters/node/console.ts';

/**
 * Prints one huge line, and then many of emoji, on both standard streams. Says on its IPC channel when it has, and ends when
 * told to go on.
 */
const streams = [standardStream('stdout'), standardStream('stderr')];
const shout = (line: string) => {
  streams[0]?.print(line, console.log);
  streams[1]?.print(line, console.error);
};
const goOn = new Promise((done) => process.once('message', done));
shout('я'.repeat(4_000_000));
for (let line = 0; line < 4_000; line += 1) shout('😀'.repeat(500));
process.send?.('shouted');
await goOn;
process.disconnect();

import { writeFileSync } from 'node:fs';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import { PepeunitClient } from '../../../app/node.ts';

/**
 * Logs lines on the console, pairs of information and warning, and ends with code 42, leaving a file `lived`, when it lives to the end.
 *
 * Arguments: the unit's folder, how many pairs, and how many milliseconds after each. Says on its IPC channel, if it has
 * one, when it has logged everything, and ends when told to go on.
 */
const [folder = '', pairs = '0', everyMs = '0'] = process.argv.slice(2);
process.on('SIGHUP', () => undefined);
const { logger } = new PepeunitClient({
  envFilePath: `${folder}/env.json`,
  schemaFilePath: `${folder}/schema.json`,
  logFilePath: `${folder}/log.json`,
  ffMqttLogEnable: false,
  ffFileLogEnable: false,
});
for (let pair = 0; pair < Number(pairs); pair += 1) {
  logger.info(`line ${pair} ${'x'.repeat(80)}`);
  logger.warning(`line ${pair} ${'x'.repeat(80)}`);
  await (everyMs === '0' ? setImmediate() : delay(Number(everyMs)));
}
if (process.send) {
  const goOn = new Promise((done) => process.once('message', done));
  process.send({ waiting: [process.stdout.writableLength, process.stderr.writableLength] });
  await goOn;
}
writeFileSync(`${folder}/lived`, '');
process.exitCode = 42;
if (process.connected) process.disconnect();

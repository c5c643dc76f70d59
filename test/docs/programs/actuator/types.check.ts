import type { UnitClient } from 'pepeunit-client';
import { PepeunitClient } from 'pepeunit-client';
import type { Unit } from './unit.js';
import { codecs } from './valve.js';

/** Never called: tsc alone reads it, and fails where one of these errors is none. */
export const wrong = (client: UnitClient<Unit, typeof codecs>) => {
  client.setMqttInputHandler(async (unit, message) => {
    // @ts-expect-error: a topic key that the schema does not have
    if (message.key === 'valves/pepeunit') return;
    // @ts-expect-error: an Input is no Output
    await unit.publishToTopics('valve/pepeunit', '1');
    // @ts-expect-error: a wrong Output
    await client.publishToTopics('positions/pepeunit', '1');
    // @ts-expect-error: a variable that env_example.json does not have
    unit.logger.info(unit.settings.DEFAULT_PERCENTAGE);
    // @ts-expect-error: the variable is a number
    unit.settings.DEFAULT_PERCENT satisfies string;
    if (message.key === 'valve/pepeunit') {
      // @ts-expect-error: `open` is a boolean
      message.json().open satisfies number;
      // @ts-expect-error: the codec gives no `angle`
      unit.logger.info(message.json().angle);
    }
  });
  // @ts-expect-error: a wrong value of a variable
  void client.settings.update({ DEFAULT_PERCENT: 'wide' });
  const files = { envFilePath: 'env.json', schemaFilePath: 'schema.json', logFilePath: 'log.json' };
  // @ts-expect-error: a codec of a key that is no Input
  return new PepeunitClient<Unit>({ ...files, codecs: { 'valves/pepeunit': Number } });
};

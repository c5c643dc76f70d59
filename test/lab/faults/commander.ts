import { connectAsync } from 'mqtt';
import { commandTopic } from '../../support/documents.ts';
import type { Lab } from './lab.ts';

/** Gives the unit commands as its instance does: through the broker. */
export const commander = async (lab: Lab, port: number) => {
  const operator = await connectAsync(`mqtt://127.0.0.1:${port}`, { clientId: 'operator' });
  lab.later({ stop: () => operator.endAsync(true) });
  return (name: string, payload: object, retain = false) =>
    operator.publishAsync(commandTopic(name), JSON.stringify(payload), { qos: 1, retain });
};

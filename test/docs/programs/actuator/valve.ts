import type { Codecs, UnitClient } from 'pepeunit-client';
import type { Unit } from './unit.js';

export interface Wanted {
  readonly open: boolean;
  readonly percent?: number | undefined;
}

/** Takes `{"open": true, "percent": 40}`; without `percent` the valve opens as far as DEFAULT_PERCENT of env.json. */
const toWanted = (value: unknown): Wanted => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is no object');
  const { open, percent, ...rest } = value as Record<string, unknown>;
  const surplus = Object.keys(rest).at(0);
  if (surplus !== undefined) throw new Error(`"${surplus}" is unknown: use open and percent`);
  if (typeof open !== 'boolean') throw new Error('"open" must be true or false');
  if (percent === undefined) return { open };
  if (typeof percent !== 'number' || percent < 0 || percent > 100) throw new Error('"percent" must be 0 to 100');
  return { open, percent };
};

export const codecs = { 'valve/pepeunit': toWanted } satisfies Codecs<Unit>;

/** A valve: closed until it is told otherwise; says its position when it starts and whenever it was moved. */
export const valve = (client: UnitClient<Unit, typeof codecs>): void => {
  let position = 0;
  const report = () =>
    client.publishToTopics('position/pepeunit', JSON.stringify({ open: position > 0, percent: position }));

  client.setMqttInputHandler(async (unit, message) => {
    if (message.key !== 'valve/pepeunit') return;
    const { open, percent = unit.settings.DEFAULT_PERCENT } = message.json();
    position = open ? percent : 0;
    unit.logger.info(`The valve is at ${position} %`);
    await report();
  });

  let reported = false;
  client.on('online', async () => {
    if (reported) return;
    reported = true;
    await report();
  });
};

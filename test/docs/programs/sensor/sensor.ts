import type { PepeunitClientOptions, UnitClient } from 'pepeunit-client';
import type { Unit } from './unit/unit.js';

/** What waits for the broker: at one reading a second, a day of them. */
export const outbox: NonNullable<PepeunitClientOptions['outbox']> = {
  messages: 100_000,
  bytes: 32_000_000,
  policies: { 'temperature/pepeunit': { keep: 'queue', qos: 1 } },
};

/** A thermometer that is not there: it walks by up to 0.1 °C a step. */
export const randomWalk =
  (celsius = 21): (() => number) =>
  () => {
    celsius += (Math.random() - 0.5) / 5;
    return Math.round(celsius * 1000) / 1000;
  };

/** Publishes a reading every PUBLISH_EVERY_MS, also offline: the outbox keeps it until the broker has it. */
export const sensor = (client: UnitClient<Unit['env']>, read: () => number): void => {
  /** Never rejects. */
  const publish = async (reading: string): Promise<void> => {
    const isSafe = await client.publishToTopics('temperature/pepeunit', reading, { until: 'settled' });
    if (!isSafe) client.logger.error(`A reading is lost: ${reading}`);
  };

  let number = 0;
  let dueAt = 0;
  client.setOutputHandler((unit) => {
    const now = performance.now(); // does not jump when the time is synced
    if (now < dueAt) return;
    dueAt = Math.max(dueAt + unit.settings.PUBLISH_EVERY_MS, now);
    number += 1;
    // Not awaited, so that the next reading is never late.
    void publish(JSON.stringify({ number, celsius: read() }));
  });
};

import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryOutbox } from '../../../adapters/memory/outbox.ts';
import { createTestUnit } from '../../../app/testing.ts';
import type { ClientError } from '../../../services/errors.ts';
import { settle } from '../../support/until.ts';

/** A unit with some options that no compiler checks. */
const unitWith = (options: object) => createTestUnit(options);

const junk = fc.oneof(
  fc.constantFrom(0, -1, 1, -0, 0.5, 5, 1e308, Number.NaN, Infinity, -Infinity, 2 ** 53, '', '5', null, true, false),
  fc.constantFrom<unknown>([], {}, Symbol('x'), 10n, 'latest', 'queue', 'none', () => 1, Object.create(null)),
  fc.double(),
  fc.anything({ maxDepth: 2 }),
);
const someOf = (...names: string[]) =>
  fc.record(Object.fromEntries(names.map((name) => [name, junk])), { requiredKeys: [] });
const policy = fc.oneof(junk, someOf('keep', 'whenFull', 'messages', 'yields'));
const options = fc.record(
  {
    outbox: fc.oneof(
      junk,
      fc.record(
        {
          messages: junk,
          bytes: junk,
          ageMs: junk,
          packetBytes: junk,
          unacknowledgedMs: junk,
          durable: junk,
          rate: fc.oneof(junk, someOf('messages', 'bytes', 'burst')),
          policies: fc.oneof(junk, fc.dictionary(fc.constantFrom('t', 'u', 'output/pepeunit'), policy)),
        },
        { requiredKeys: [] },
      ),
    ),
    mqtt: fc.oneof(junk, someOf('protocol', 'brokers', 'tls', 'spreadMs', 'timeoutMs')),
    update: fc.oneof(junk, someOf('healthTimeoutMs', 'trialStarts', 'ready', 'trustKey', 'dataFolders', 'selfTest')),
    restartMode: junk,
    ffMqttLogEnable: junk,
    ffFileLogEnable: junk,
    inspect: junk,
    ntpHost: junk,
  },
  { requiredKeys: [] },
);

const isStated = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1;

test('no value of any option hangs the unit, makes a bound vanish, or starts something half', async () => {
  const most = { messages: 1_000, bytes: 4 * 1024 * 1024 };
  await fc.assert(
    fc.asyncProperty(options, async (given) => {
      const { client, world } = unitWith({ ...given, adapters: { outbox: memoryOutbox() } });
      const bounds = { ...most, ...(given.outbox as Partial<typeof most> | undefined) };
      for (let index = 0; index < 1_050; index += 1)
        void client.mqttClient.publishDetailed('t', String(index), { qos: 1 });
      const { waiting, waitingBytes } = client.metrics().outbox;
      expect(waiting).toBeLessThanOrEqual(isStated(bounds.messages) ? bounds.messages : most.messages);
      expect(waitingBytes).toBeLessThanOrEqual(isStated(bounds.bytes) ? bounds.bytes : most.bytes);
      let outcome: unknown = 'pending';
      client.ready().then(
        () => (outcome = 'ready'),
        (thrown: ClientError) => (outcome = thrown.code),
      );
      for (let step = 0; step < 5; step += 1) {
        await settle();
        world.clock.advance(200);
      }
      expect(['pending', 'ready', 'options']).toContain(outcome);
      let isStopped = false;
      void client.stopMainCycle().then(() => (isStopped = true));
      for (let step = 0; step < 5; step += 1) {
        await settle();
        world.clock.advance(1_000);
      }
      await settle();
      expect({ isStopped, timers: world.clock.pending }).toEqual({ isStopped: true, timers: 0 });
    }),
    { numRuns: 150 },
  );
});

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startAedes, type AedesBroker } from '../../support/aedes-broker.ts';
import { createYard, createSupervisedUnit, type Program, type Yard } from '../../support/supervised-unit.ts';

let yard: Yard;
let denying: AedesBroker;
beforeAll(async () => {
  yard = await createYard();
  denying = await startAedes('/input_base_topic/');
});
afterAll(async () => {
  await yard.stop();
  await denying.stop();
});

const terms = 'update: { healthTimeoutMs: 10_000, trialStarts: 2 },';
const good: Program = { label: 'old', options: terms };
const quick = ['--grace', '2'];
const oneStart = [...quick, '--trial-starts', '1'];

interface Case {
  readonly what: string;
  readonly program: Omit<Program, 'label'>;
  readonly options: readonly string[];
  readonly brokerPort?: () => number;
  /** Whether it fails because it does not get online. */
  readonly isOffline?: boolean;
}

const cases: readonly Case[] = [
  { what: 'throws at import', program: { first: "throw new Error('no good');" }, options: quick },
  { what: 'has a syntax error', program: { first: 'const = ;' }, options: quick },
  { what: 'exits at once', program: { first: 'process.exit(0);' }, options: quick },
  {
    what: 'blocks its event loop',
    program: { before: 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);' },
    options: [...oneStart, '--healthy-within', '10'],
  },
  { what: 'never connects', program: { options: terms }, options: oneStart, brokerPort: () => 1, isOffline: true },
  {
    what: 'connects but is denied its base topics',
    program: { options: terms },
    options: oneStart,
    brokerPort: () => denying.port,
  },
  {
    what: 'never gets ready',
    program: { options: terms.replace('{', '{ ready: () => new Promise(() => {}),') },
    options: oneStart,
  },
];

describe('a new version (U11, U20)', () => {
  test.concurrent.each(cases)(
    'that $what is rolled back',
    async ({ what, program, options, brokerPort, isOffline = false }) => {
      const name = what.replaceAll(' ', '-');
      const unit = await createSupervisedUnit(yard, name, good);
      unit.run(...options);
      await unit.hears('old', 'online');
      const rollbacks = () => unit.said().filter(({ said }) => said === 'updateRolledBack').length;
      const before = await unit.tree();
      const bad = await unit.add({ label: 'new', ...program, files: { 'added.txt': 'new' } });
      if (brokerPort) await yard.instance.operator.setEnv(unit.uuid, { PU_MQTT_PORT: brokerPort() });
      await unit.update();
      await unit.hears('old', 'updateRolledBack');
      await unit.waitFor('the old version is online again', () => {
        const back = unit.said().findIndex(({ said }) => said === 'updateRolledBack');
        return unit
          .said()
          .slice(back)
          .some(({ label, said }) => label === 'old' && said === 'online');
      });
      expect(await unit.tree()).toEqual(before);
      expect(unit.said().filter(({ said }) => said === 'updateRolledBack')).toMatchObject([{ version: bad }]);
      await unit.waitFor('the log tells', () =>
        unit.log().some((line) => line.startsWith(`Critical: Update to ${bad} was rolled back`)),
      );

      await unit.update(bad);
      // One that did not get online is tried once more on command.
      if (isOffline) {
        await unit.waitFor('the real reason is told', () =>
          unit
            .said()
            .some(({ said, reason = '' }) => said === 'updateRolledBack' && reason.startsWith('it did not get online')),
        );
        await unit.waitFor('it is rolled back again', () => rollbacks() === 2);
      } else await unit.hears('old', 'updateRefused');
      if (brokerPort)
        await yard.instance.operator.setEnv(unit.uuid, { PU_MQTT_PORT: Number(new URL(yard.instance.mqttUrl).port) });
      await unit.add({ label: 'better', options: terms });
      await unit.update();
      await unit.hears('better', 'updateConfirmed');
      expect(await unit.tree()).not.toHaveProperty('added.txt');
      await unit.stop();
    },
  );
});
